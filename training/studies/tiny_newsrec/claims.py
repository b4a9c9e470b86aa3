"""What the paper found, as contrasts between our cells. The words are ours, in short; the headings
are those of the authors' slides.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from training.studies.findings import Cell, Contrast, Finding
from training.studies.tiny_newsrec.ablations import (
    LOSSES,
    WITHOUT_POST_TRAINING,
    WITHOUT_STAGE_ONE,
    WITHOUT_STAGE_TWO,
    with_teachers,
    without_loss,
)
from training.studies.tiny_newsrec.paper import sized
from training.studies.tiny_newsrec.plain import DAPT, FT, TAPT, cut_name
from training.studies.tiny_newsrec.rivals import NEWSBERT, SEVERAL, TINYBERT, rival_name
from training.studies.tiny_newsrec.settings import TinyNewsRecSettings
from training.studies.tiny_newsrec.students import tiny_name
from training.studies.tiny_newsrec.teachers import DP, ENSEMBLE

METRIC: Final = "auc"
COMPARISON: Final = "slides: Performance Comparison"
SEVERAL_TEACHERS: Final = "slides: different methods with multiple teacher models"
STAGES: Final = "slides: Effectiveness of each stage"
OF_LOSSES: Final = "slides: Effectiveness of each loss function"
TEACHERS: Final = "slides: Impact of the number of teacher models"


def claims(settings: TinyNewsRecSettings) -> Iterator[Finding]:
    """All of them; AUC decides."""
    yield from _of_post_training()
    yield from _of_students(settings.students)
    tiny, called = tiny_name(settings.students[0]), sized("Tiny-NewsRec", settings.students[0])
    yield _claim(f"{called} beats its teacher, PLM-NR (DP)", COMPARISON, (tiny, DP))
    yield _claim(f"{called} beats the ensemble of its teachers", SEVERAL_TEACHERS, (tiny, ENSEMBLE))
    others = [(tiny, rival_name(method, settings.students[0])) for method in SEVERAL]
    yield _claim(f"{called} beats the others that have several teachers", SEVERAL_TEACHERS, *others)
    stages = ((tiny, WITHOUT_STAGE_ONE), (tiny, WITHOUT_STAGE_TWO))
    yield _claim("Each stage helps", STAGES, *stages)
    yield _claim("Post-training helps a student", STAGES, (tiny, WITHOUT_POST_TRAINING))
    for loss, said in LOSSES.items():
        yield _claim(f"The {said} helps in both stages", OF_LOSSES, (tiny, without_loss(loss)))
    if settings.post_training.copies > 1:
        yield _claim("More teachers are better than one", TEACHERS, (tiny, with_teachers(1)))


def _of_post_training() -> Iterator[Finding]:
    for other in (FT, DAPT, TAPT):
        claim = f"Post-training on titles and bodies (DP) is better than {other.upper()}"
        yield _claim(claim, COMPARISON, (DP, other))


def _of_students(depths: Sequence[int]) -> Iterator[Finding]:
    others = {
        "TinyBERT": [rival_name(TINYBERT, layers) for layers in depths],
        "NewsBERT": [rival_name(NEWSBERT, layers) for layers in depths],
        "PLM-NR (FT)": [cut_name(layers) for layers in depths],
    }
    for called, rows in others.items():
        pairs = zip(map(tiny_name, depths), rows, strict=True)
        yield _claim(f"Tiny-NewsRec beats {called} of as many layers", COMPARISON, *pairs)


def _claim(claim: str, said: str, *pairs: tuple[str, str]) -> Finding:
    """That the first row of each pair is higher than the second."""
    contrasts = (Contrast(Cell(one, METRIC), Cell(other, METRIC)) for one, other in pairs)
    return Finding(claim, said, tuple(contrasts))
