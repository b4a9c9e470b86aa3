"""What the paper compares itself with: TinyBERT, NewsBERT, and these with several teachers.

The slides do not say who teaches. Their one-teacher students are better than PLM-NR (FT) at the
teachers' depth, so we read: the newest post-trained teacher, and that students begin as its first
layers, as Tiny-NewsRec's do.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.compression.first_layers import first_layers
from training.compression.hidden_matching import match_hidden
from training.compression.joint import learn_together
from training.compression.settings import Together
from training.run import Trained
from training.studies.study import Made
from training.studies.tiny_newsrec.paces import Pace
from training.studies.tiny_newsrec.paper import sized
from training.studies.tiny_newsrec.setup import Setup
from training.studies.tiny_newsrec.systems import MAKING, System
from training.studies.tiny_newsrec.teachers import POST_TRAINED, copies, fine_tuned, names_of

TINYBERT: Final = "tinybert"
NEWSBERT: Final = "newsbert"
SEVERAL: Final = ("tinybert-mt", "newsbert-mt", "mt-bert")
"""Those with several teachers, of the deepest student."""


def rival_name(method: str, layers: int) -> str:
    """The row of a method's student."""
    return f"{method}-{layers}"


def rivals(setup: Setup, pace: Pace) -> Iterator[System]:
    """With one teacher at every depth, then with all teachers."""
    settings = setup.settings
    for layers in settings.students:
        yield _tinybert(setup, pace, layers, "TinyBERT", TINYBERT, 1)
    for layers in settings.students:
        yield _newsbert(setup, pace, layers, "NewsBERT", NEWSBERT, 1, settings.newsbert)
    deepest, count = settings.students[0], settings.post_training.copies
    tinybert_mt, newsbert_mt, mt_bert = SEVERAL
    yield _tinybert(setup, pace, deepest, "TinyBERT-MT", tinybert_mt, count)
    yield _newsbert(setup, pace, deepest, "NewsBERT-MT", newsbert_mt, count, settings.newsbert)
    yield _newsbert(setup, pace, deepest, "MT-BERT", mt_bert, count, settings.mt_bert)


def _tinybert(
    setup: Setup, pace: Pace, layers: int, called: str, method: str, count: int
) -> System:
    """Under teachers that were fine-tuned before it."""
    settings = setup.settings

    def fit(folder: Path, made: Made) -> Trained:
        student = _start(setup, layers, folder, made)
        teachers = fine_tuned(setup, made, count)
        fine_tuning, depths = settings.fine_tuning, settings.tinybert
        return match_hidden(student, teachers, setup.logs, fine_tuning, depths, folder)

    return System(
        rival_name(method, layers),
        sized(called, layers),
        fit,
        pace.under(layers, setup.layers * count),
        {"layers": layers, "depths": settings.tinybert.model_dump(mode="json"), "teachers": count},
        (POST_TRAINED, *names_of(setup)[-count:]),
    )


def _newsbert(
    setup: Setup,
    pace: Pace,
    layers: int,
    called: str,
    method: str,
    count: int,
    together: Together,
) -> System:
    """Beside teachers that are fine-tuned at the same time."""

    def fit(folder: Path, made: Made) -> Trained:
        student, teachers = _start(setup, layers, folder, made), copies(setup, made)[-count:]
        fine_tuning = setup.settings.fine_tuning
        return learn_together(student, teachers, setup.logs, fine_tuning, together, folder)

    return System(
        rival_name(method, layers),
        sized(called, layers),
        fit,
        pace.fine_tuned(layers, beside=setup.layers * count),
        {"layers": layers, "together": together.model_dump(mode="json"), "teachers": count},
        (POST_TRAINED,),
    )


def _start(setup: Setup, layers: int, folder: Path, made: Made) -> Path:
    return first_layers(copies(setup, made)[-1], layers, folder / MAKING)
