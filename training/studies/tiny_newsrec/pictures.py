"""The study's plot: what is gained for what, large or small."""

from typing import Final

from training.studies import efficiency
from training.studies.gains import Costs, quality_against_costs
from training.studies.study import Made, Picture
from training.studies.tiny_newsrec.claims import METRIC

COSTS: Final[Costs] = {
    "milliseconds a text, one CPU thread": lambda figures: 1000 / figures[efficiency.SPEED],
    "megabytes of ONNX, fp32": lambda figures: figures[efficiency.MEGABYTES],
}


def gains(rows: Made) -> Picture | None:
    """Of the rows that have a size and a speed of their own."""
    sized = {n: one.measured for n, one in rows.items() if efficiency.SPEED in one.measured.figures}
    return quality_against_costs(sized, METRIC, COSTS)
