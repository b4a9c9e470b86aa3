"""What the paper found, as contrasts between our cells. The words are ours, in short.

They follow a summary of the paper, the only text of it at hand, and name the summary's headings.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from training.studies.findings import Cell, Contrast, Finding
from training.studies.nase.adapted import VARIANTS
from training.studies.nase.recommenders import DESIGNS
from training.studies.nase.setup import BASE, BEST

METRIC: Final = "auc"
PAPERS_BEST: Final = "dae-to-mt"
RESULTS: Final = "summary: key results"
ZERO_SHOT: Final = tuple(design.name for design in DESIGNS if not design.few_shot)
FEW_SHOT: Final = tuple(design.name for design in DESIGNS if design.few_shot)


def claims(languages: Sequence[str]) -> Iterator[Finding]:
    """Those about each language, and the one about all of them."""
    for language in languages:
        yield from _without_training(language)
        yield from _by_adapting(language)
    yield Finding(
        "With MT, languages are aligned better than by DAE alone",
        "summary: mechanism 2",
        tuple(_higher(name, "dae", "retrieval/mean") for name in ("dae+mt", PAPERS_BEST)),
    )


def _without_training(language: str) -> Iterator[Finding]:
    """Late fusion over the best variant, frozen, against every recommender that was trained."""
    column, coldest = f"{language}/{METRIC}", f"{language}-fifth/1"
    yield Finding(
        f"Frozen, by late fusion, it beats trained recommenders, zero-shot in {language}",
        RESULTS,
        _beats(ZERO_SHOT, column, column),
    )
    yield Finding(
        f"It beats those that were trained with a few impressions in {language}, too",
        RESULTS,
        _beats(FEW_SHOT, column, column),
    )
    yield Finding(
        f"It beats them for the coldest fifth of readers, zero-shot in {language}",
        RESULTS,
        _beats(ZERO_SHOT, coldest, coldest),
    )
    yield Finding(
        f"With centred vectors, as the trained ones have, it beats them zero-shot in {language}",
        f"{RESULTS}; centring is ours",
        _beats(ZERO_SHOT, f"centred-{column}", column),
    )


def _by_adapting(language: str) -> Iterator[Finding]:
    column = f"{language}/{METRIC}"
    others = [name for name in (BASE, *(v.name for v in VARIANTS)) if name != PAPERS_BEST]
    yield Finding(
        f"DAE→MT is better than the other variants and than the base, in {language}",
        RESULTS,
        tuple(_higher(PAPERS_BEST, other, column) for other in others),
    )
    yield Finding(
        f"DAE on news makes the encoder recommend better in {language}",
        "summary: mechanism 1",
        (_higher("dae", BASE, column),),
    )
    gap = f"{language}-gap/{METRIC}"
    yield Finding(
        f"The best variant has a smaller gap, the logs' language minus {language}, than the base",
        "summary: executive summary",
        (_higher(BASE, BEST, gap),),
    )
    yield Finding(
        f"It has a smaller gap than trained recommenders over the base, zero-shot in {language}",
        "summary: executive summary",
        tuple(_higher(row, BEST, gap) for row in ZERO_SHOT if f"-{BASE}-" in row),
    )


def _beats(rows: Sequence[str], ours: str, theirs: str) -> tuple[Contrast, ...]:
    return tuple(Contrast(Cell(BEST, ours), Cell(row, theirs)) for row in rows)


def _higher(row: str, than: str, column: str) -> Contrast:
    return Contrast(Cell(row, column), Cell(than, column))
