"""Quality against cost: which rows are worth theirs, drawn and said."""

from collections.abc import Callable, Mapping
from typing import Final

from training.studies.clicks import METRICS
from training.studies.pareto import Worth, front
from training.studies.plots import Spot, costs_plot
from training.studies.study import Measured, Picture

Costs = Mapping[str, Callable[[Mapping[str, float]], float]]
"""By how it is called, a cost out of a row's figures; less is better."""
NOISE: Final = "Means decide: neighbours may differ by chance."


def quality_against_costs(
    rows: Mapping[str, Measured], metric: str, costs: Costs
) -> Picture | None:
    """A panel a cost, with all rows in it; None for fewer than two rows, which nothing is held
    against.
    """
    if len(rows) < 2:
        return None
    panels, said = {}, []
    quality = {name: measured.samples[metric].estimate for name, measured in rows.items()}
    for cost, of_figures in costs.items():
        worths = {
            name: Worth(quality[name].mean, of_figures(measured.figures))
            for name, measured in rows.items()
        }
        best = front(worths)
        panels[cost] = {n: Spot(quality[n], worths[n].cost, n in best) for n in rows}
        said.append(f"By {cost}, nothing is better and no dearer than {', '.join(best)}.")
    drawn = costs_plot(panels, METRICS[metric], "costs")
    return Picture("Quality against cost", " ".join([*said, NOISE]), drawn)
