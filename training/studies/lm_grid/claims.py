"""What the paper found, as contrasts between our cells. The words are ours, its figures its own.

They follow a summary of the paper, the only text of it at hand, and name the summary's headings. A
claim about what the settings leave out has no contrasts, and is not measured.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final

from training.studies.findings import Cell, Contrast, Finding, not_everywhere
from training.studies.lm_grid.designs import TITLES, Design, Grid
from training.studies.lm_grid.encoders import PUBLISHED_BEST, PUBLISHED_LAYERS, WORDS
from training.studies.lm_grid.exam import COLD
from training.studies.lm_grid.settings import Architecture

METRIC: Final = "auc"
COLDEST: Final = f"fifth/1/{METRIC}"
LEAD: Final = f"{COLD}/{METRIC}"
"""By how much the coldest are served better than the warmest."""

Pair = tuple[Design, Design]
"""A design that is said to be better than another."""
Pairs = Callable[[Architecture], Iterable[Pair]]


def claims(grid: Grid) -> Iterator[Finding]:
    """All of them."""
    yield from _of_models(grid)
    yield from _of_fine_tuning(grid)
    for architecture, layers in PUBLISHED_BEST.items():
        yield _of_depth(grid, architecture, layers)
    yield from _of_cold_readers(grid)


def _of_models(grid: Grid) -> Iterator[Finding]:
    by_size = sorted(grid.encoders, key=lambda one: one.in_layers)
    pairs = list(pairwise([WORDS, *(one.name for one in by_size)]))
    plain = [one.name for one in grid.encoders if not one.causal]
    yield Finding(
        "Larger language models, by the parameters of their layers, are not always better"
        + _budgets(grid),
        "summary: key results",
        _contrasts(
            grid,
            lambda one: ((grid.shown(one, b), grid.shown(one, a)) for a, b in pairs),
        ),
        not_everywhere,
    )
    yield Finding(
        "Encoders that are not fine-tuned fall below static vectors",
        "summary: failure signatures",
        _contrasts(
            grid, lambda one: ((grid.frozen(one, WORDS), grid.frozen(one, b)) for b in plain)
        ),
    )


def _of_fine_tuning(grid: Grid) -> Iterator[Finding]:
    plain = [one.name for one in grid.encoders if not one.causal]
    causal = [one.name for one in grid.encoders if one.causal]
    yield Finding(
        "Fine-tuning makes an encoder better in NRMS (BERT: +3.58% AUC)" + _budgets(grid),
        "summary: mechanism 1",
        _contrasts(grid, lambda one: _tuned_first(grid, one, plain), only="nrms"),
    )
    yield Finding(
        "Fine-tuning makes static vectors worse in NRMS (GloVe drops 0.99%)",
        "summary: mechanism 1",
        _contrasts(grid, lambda one: _frozen_first(grid, one, [WORDS]), only="nrms"),
    )
    yield Finding(
        "Fine-tuning a causal model makes it worse in NAML (Llama)" + _budgets(grid),
        "summary: failure signatures",
        _contrasts(grid, lambda one: _frozen_first(grid, one, causal), only="naml"),
    )


def _of_depth(grid: Grid, architecture: Architecture, layers: int) -> Finding:
    """The depth of the sweep that is nearest to the published share is better than all others."""
    swept = grid.sweep(architecture)
    others: list[Pair] = []
    here = ""
    if grid.swept is not None and len(swept) > 1:
        share = grid.swept.layers * layers / PUBLISHED_LAYERS
        best = min((depth for depth in swept if depth), key=lambda depth: abs(depth - share))
        here = f" (here {best} of {grid.swept.layers})"
        others = [(swept[best], design) for depth, design in swept.items() if depth != best]
    return Finding(
        f"{TITLES[architecture]} is best with about {layers} of {PUBLISHED_LAYERS} layers "
        f"fine-tuned{here}" + _budgets(grid),
        "summary: mechanism 3",
        _contrasts(grid, lambda one: others, only=architecture),
    )


def _of_cold_readers(grid: Grid) -> Iterator[Finding]:
    causal = [one.name for one in grid.encoders if one.causal]
    others = [WORDS, *(one.name for one in grid.encoders if not one.causal)]

    def pairs(one: Architecture) -> Iterator[Pair]:
        return ((grid.shown(one, a), grid.shown(one, b)) for a in causal for b in others)

    yield Finding(
        "A causal model is better than the others for the coldest fifth of readers"
        + _budgets(grid),
        "summary: mechanism 2",
        _contrasts(grid, pairs, COLDEST),
    )
    yield Finding(
        "A causal model's lead is larger for the coldest fifth than for the warmest"
        + _budgets(grid),
        "summary: mechanism 2",
        _contrasts(grid, pairs, LEAD),
    )


def _budgets(grid: Grid) -> str:
    """What a reader of a contrast must know where rows learn for unlike times."""
    learning = grid.settings.learning
    fewer = learning.fine_tuning_epochs
    if fewer is None or fewer == learning.epochs:
        return ""
    return (
        f"; here transformers learn for at most {fewer} epochs, and what stands on frozen ones for "
        f"{learning.epochs}"
    )


def _tuned_first(grid: Grid, one: Architecture, names: Iterable[str]) -> Iterator[Pair]:
    return ((grid.tuned(one, name), grid.frozen(one, name)) for name in names)


def _frozen_first(grid: Grid, one: Architecture, names: Iterable[str]) -> Iterator[Pair]:
    return ((grid.frozen(one, name), grid.tuned(one, name)) for name in names)


def _contrasts(
    grid: Grid, pairs: Pairs, column: str = METRIC, only: Architecture | None = None
) -> tuple[Contrast, ...]:
    """Of all architectures that the settings ask for, or of ``only`` one of them."""
    return tuple(
        Contrast(Cell(better.name, column), Cell(worse.name, column))
        for architecture in grid.settings.architectures
        if only in (None, architecture)
        for better, worse in pairs(architecture)
    )
