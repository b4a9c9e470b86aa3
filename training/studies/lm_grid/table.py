"""The study put together: its columns, its rows, and how long they take."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from training.encoders.words import check_words
from training.studies import costs
from training.studies.lm_grid.claims import claims
from training.studies.lm_grid.designs import Design, Grid
from training.studies.lm_grid.encoders import Known, known_encoders
from training.studies.lm_grid.exam import EVERYONE, with_leads
from training.studies.lm_grid.pictures import plots
from training.studies.lm_grid.rows import design_row, vectors_row
from training.studies.lm_grid.settings import Learning, LmGridSettings
from training.studies.lm_grid.setup import Setup
from training.studies.names import Scale, within
from training.studies.study import Made, Paper, Row, Study

PAPER: Final = Paper(
    title="Revisiting Language Models in Neural News Recommender Systems (arXiv 2501.11391), "
    "made again",
    data="MIND-small, with GloVe, the BERT family, RoBERTa and Llama 3.1-8B",
)
READINGS: Final = {
    "states": "its tokens' states, which each architecture pools in its own way",
    "pooled": "the vector that the encoder pools by itself",
    "centred": "the vector that the encoder pools by itself, minus the mean of the training news",
}


@dataclass(frozen=True)
class Pace:
    """Minutes a row on a scale's hardware: two cores for small, a GPU for full."""

    words: float
    frozen: float
    layer: float
    """More for each layer that learns."""
    causal: float
    """Times as many for a causal model."""


PACES: Final[dict[Scale, Pace]] = {
    "small": Pace(words=0.5, frozen=1.5, layer=2, causal=20),
    "full": Pace(words=5, frozen=10, layer=10, causal=10),
}


def build(roots: Sequence[Path], settings: LmGridSettings, scale: Scale) -> Study:
    """Raises BadRecipe, UnreadableData, UnusableEncoder and Leak before anything is made."""
    encoders = known_encoders(settings)
    if settings.words.file is not None:
        check_words(settings.words.file, settings.words.dimension)
    grid = Grid(settings, encoders)
    training, test = (within(roots, one) for one in (settings.data.training, settings.data.test))
    setup = Setup(settings, grid, training, test)
    return Study(
        name="lm-grid",
        paper=PAPER,
        rows=tuple(_rows(setup, PACES[scale])),
        columns=(*setup.exam.columns(), *costs.columns(EVERYONE)),
        findings=tuple(claims(grid)),
        plots=plots(grid, setup.exam),
        shown=partial(_shown, grid),
        facts=_facts(setup, scale),
    )


def _shown(grid: Grid, rows: Made) -> Made:
    led = {name: replace(one, measured=with_leads(one.measured)) for name, one in rows.items()}
    first = {one.name: one.step_one.name for one in grid.designs() if one.step_one}
    return costs.with_row_minutes(led, first)


def _rows(setup: Setup, pace: Pace) -> Iterator[Row]:
    if setup.settings.words.file is None:
        yield vectors_row(setup, pace.words)
    for design in setup.grid.designs():
        yield design_row(setup, design, _minutes(setup.grid, design, pace))


def _minutes(grid: Grid, design: Design, pace: Pace) -> float:
    known = {one.name: one for one in grid.encoders}.get(design.encoder)
    if known is None:
        return pace.words
    layers = _learning(grid, design, known)
    return (pace.frozen + layers * pace.layer) * (pace.causal if known.causal else 1)


def _learning(grid: Grid, design: Design, known: Known) -> int:
    return (
        (grid.settings.two_step.layers or known.layers) if design.form == "lora" else design.depth
    )


def _facts(setup: Setup, scale: Scale) -> dict[str, str]:
    settings, exam = setup.settings, setup.exam
    file = settings.words.file
    shown = ", ".join(
        f"{one.name} ({one.parameters:,} parameters, {one.in_layers:,} of them in layers)"
        for one in setup.grid.encoders
    )
    return {
        "scale": scale,
        "encoders": f"{shown}; static vectors: {file.name if file else 'learned from the news'}",
        "learned from": f"{len(exam.training):,} impressions of {settings.data.training}, without "
        "its last day",
        "chosen by": f"{len(exam.choosing):,} impressions of that day, after each epoch",
        "measured on": f"{len(exam.test):,} impressions of {settings.data.test}, the same for "
        "every row",
        "epochs": _epochs(settings.learning),
        "chance": "errors and tests are about the impressions; each row is trained once, by one "
        "seed",
        "of a text is given": f"{READINGS[settings.reading]}; of a causal model's the last token's "
        "state behind the prompt",
        "late fusion": "learns nothing, over centred vectors",
        "costs": "of the machine as it was; those of a step two include its step one. Steps are "
        "training alone; a whole row encodes what stays frozen, too, unless another had done so, "
        "chooses its epoch, and is measured, which is when memory may be highest",
    }


def _epochs(learning: Learning) -> str:
    fewer = learning.fine_tuning_epochs or learning.epochs
    return (
        f"at most {fewer} where a transformer learns, which is fine-tuned or in step one; at most "
        f"{learning.epochs} over frozen encoders, static vectors, and in step two"
    )
