"""From an encoder and texts of the news to an encoder that knows the news.

Iana et al., *News Without Borders* (arXiv 2406.12634): NaSE. The paper's best, DAE→MT, is two runs:
``mt`` from the folder that ``dae`` left.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

import torch

from training.adaptation.decoder import Autoencoder
from training.adaptation.examples import Examples, examples
from training.adaptation.learning import course_of, decoder_course
from training.adaptation.lesson import Retelling
from training.adaptation.sampling import Tempered
from training.adaptation.saving import check_free, take_up, write_folder
from training.adaptation.settings import Adaptation
from training.adaptation.whole import WholeEncoder, load_whole
from training.course.course import Mark
from training.data.polynews import ParallelTexts, Texts
from training.loop import accelerator
from training.progress import said, working

CHUNK: Final = 10_000
"""So many texts are tokenised at once."""

Validate = Callable[[WholeEncoder], float]
"""What an encoder is worth as it stands; the paper's is ``choice.LateFusionMrr``."""


@dataclass(frozen=True)
class Adapted:
    """What came of a run."""

    folder: Path
    chosen: int
    """The step whose weights are in the folder."""
    marks: tuple[Mark, ...]
    """All checkpoints; of step 0, the encoder as it came, there is a mark if there was a choice."""
    dropped: Mapping[str, int]
    """Languages, or pairs of them, with too few texts, and how many these are."""


def adapt(
    settings: Adaptation,
    encoder: Path,
    texts: Texts | None,
    pairs: ParallelTexts | None,
    work: Path,
    out: Path,
    validate: Validate | None = None,
) -> Adapted:
    """Adapt the encoder in the folder ``encoder``, and write it to the folder ``out``.

    ``work`` keeps checkpoints; what was cut off goes on there. With ``validate`` the checkpoint
    that is worth most is written, else the last.

    Raises BadRecipe for an objective without what it learns from, languages without enough texts,
    and another run's ``work``; UnusableEncoder, NotWritable, Diverged.
    """
    learned_from = examples(settings, texts, pairs)
    sampling = Tempered.of(learned_from.languages, settings.least_texts, settings.exponent)
    with working(f"Loading {encoder}"):
        whole = load_whole(encoder, settings.max_tokens, settings.prefix)
        torch.manual_seed(settings.seed)
        model = Autoencoder(whole.module, _told_from(settings, learned_from, whole))
        take_up(model.decoder, encoder)
        process = accelerator(settings)
        rows_of_step = settings.batch_size * process.num_processes
        lesson = Retelling(learned_from, sampling, whole, rows_of_step, settings.seed)
    if sampling.dropped:
        few = ", ".join(f"{name} ({count})" for name, count in sampling.dropped.items())
        said(f"dropped for fewer than {settings.least_texts} texts: {few}")
    validated = validate is not None
    if settings.decoder_steps:
        with decoder_course(model, lesson, settings, work, validated=validated) as alone:
            check_free(out, alone.fingerprint)
            alone.finish()
    course = course_of(model, lesson, settings, work, validated=validated)
    run = alone.fingerprint if settings.decoder_steps else course.fingerprint
    check_free(out, run)
    course.finish(validate=None if validate is None else partial(validate, whole))
    model.eval().cpu()
    adapted = Adapted(out, course.chosen.step, course.marks, sampling.dropped)
    if process.is_main_process:
        account = _account(adapted, settings, encoder, run)
        write_folder(whole, model.decoder, out, account)
    process.wait_for_everyone()
    return adapted


def _told_from(settings: Adaptation, examples: Examples, encoder: WholeEncoder) -> list[int] | None:
    if settings.told_from == "vocabulary":
        return None
    texts, held = examples.texts(), set[int]()
    for first in range(0, len(texts), CHUNK):
        held.update(chain.from_iterable(encoder.told(texts[first : first + CHUNK])))
    return sorted(held)


def _account(adapted: Adapted, settings: Adaptation, encoder: Path, run: str) -> dict[str, object]:
    return {
        "run": run,
        "encoder": encoder.resolve().name,
        "settings": settings.model_dump(mode="json"),
        "chosen": adapted.chosen,
        "marks": [asdict(mark) for mark in adapted.marks],
        "dropped": dict(adapted.dropped),
    }
