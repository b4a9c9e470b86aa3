"""From an encoder and texts of the news to an encoder that knows the news.

Iana et al., *News Without Borders* (arXiv 2406.12634): NaSE. The paper's best, DAE→MT, is two runs:
``mt`` from the folder that ``dae`` left.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch

from training.adaptation.checkpoints import Mark
from training.adaptation.decoder import Autoencoder
from training.adaptation.examples import examples
from training.adaptation.learning import fingerprint, learn
from training.adaptation.lesson import Lesson
from training.adaptation.sampling import Tempered
from training.adaptation.saving import check_free, write_folder
from training.adaptation.settings import Adaptation
from training.adaptation.whole import WholeEncoder, load_whole
from training.data.polynews import ParallelTexts, Texts
from training.progress import said, working

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
        model = Autoencoder(whole.module)
        lesson = Lesson(learned_from, sampling, whole, settings.batch_size, settings.seed)
        run = fingerprint(model, lesson, settings, validated=validate is not None)
    check_free(out, run)
    if sampling.dropped:
        few = ", ".join(f"{name} ({count})" for name, count in sampling.dropped.items())
        said(f"dropped for fewer than {settings.least_texts} texts: {few}")
    worth = None if validate is None else partial(validate, whole)
    found = learn(model, lesson, settings, work, run, worth)
    adapted = Adapted(out, found.chosen, found.marks, sampling.dropped)
    write_folder(whole, out, _account(adapted, settings, encoder, run))
    return adapted


def _account(adapted: Adapted, settings: Adaptation, encoder: Path, run: str) -> dict[str, object]:
    return {
        "run": run,
        "encoder": encoder.resolve().name,
        "settings": settings.model_dump(mode="json"),
        "chosen": adapted.chosen,
        "marks": [asdict(mark) for mark in adapted.marks],
        "dropped": dict(adapted.dropped),
    }
