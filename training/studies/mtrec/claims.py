"""What the poster found, and what it leaves to be asked, as contrasts between our cells."""

from typing import Final

from training.studies.findings import Cell, Contrast, Finding

METRIC: Final = "ndcg@10"
"""The poster's table has no AUC of MTRec; of what it has, this sees the most of a list."""
TABLE: Final = "poster: table 1"
OURS: Final = "the poster has no number: ours"


def _better(claim: str, said: str, row: str, than: str) -> Finding:
    return Finding(claim, said, (Contrast(Cell(row, METRIC), Cell(than, METRIC)),))


CLAIMS: Final = (
    _better("Telling what titles are about helps to recommend", TABLE, "full", "baseline"),
    _better("Low-rank adapters are better than training the layers", TABLE, "full", "without-lora"),
    _better("The category head helps", TABLE, "full", "without-category"),
    _better("The sentiment head helps", TABLE, "full", "without-sentiment"),
    _better("Surgery is better than plain summing", OURS, "full", "without-surgery"),
    _better("Both gradients giving way is better than one", OURS, "full", "main-priority"),
    _better("An entity head helps, as the poster's future work", OURS, "entities", "full"),
    _better("Attention weights for each dimension are better", OURS, "full", "scalar-attention"),
)
