"""The parts of an evaluation's page, as HTML: a heading, a table, and a plot where one helps.

All that comes from outside, the systems' and the groups' names, is escaped. A part that has
nothing to show is empty.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from model_store.estimates import Estimate
from training.evaluation.comparison import Difference
from training.evaluation.groups import GroupTable
from training.evaluation.plots import groups_plot, systems_plot
from training.evaluation.report import TITLES, Report

PLOTTED: Final = ("history", "day")
"""The groupings whose groups have an order that a line can follow."""
LISTS: Final = {
    "coverage": "coverage of the news shown",
    "diversity": "intra-list diversity",
    "novelty": "novelty (bits)",
}


def systems_section(systems: Mapping[str, Report]) -> str:
    """Every metric of every system, of how many impressions, and which were left out."""
    estimates = {name: report.estimates for name, report in systems.items()}
    counted = ["impressions", "evaluated", "skipped", "without history"]
    rows = [
        [name, *map(estimate_cell, estimates[name].values()), *_counts(report)]
        for name, report in systems.items()
    ]
    header = ["system", *map(_title, next(iter(estimates.values()))), *counted]
    return as_section("Metrics", as_table(header, rows), systems_plot(estimates))


def comparisons_section(
    model: str,
    comparisons: Mapping[str, Mapping[str, Difference]],
    adjusted: Mapping[tuple[str, str], float],
) -> str:
    """The model's differences from every other system, and what chance says of them."""
    rows = [
        [system, _title(metric), *_difference(difference), _p(adjusted[system, metric])]
        for system, differences in comparisons.items()
        for metric, difference in differences.items()
    ]
    header = ["against", "metric", "difference", "95% interval", "impressions", "resampled"]
    return as_section(f"{model}: differences", as_table([*header, "p", "p (Holm)"], rows))


def lists_section(beyond: Mapping[str, Mapping[str, float]]) -> str:
    """What every system's lists are like."""
    measured = dict.fromkeys(name for taken in beyond.values() for name in taken)
    rows = [
        [system, *(f"{taken[name]:.4f}" if name in taken else "" for name in measured)]
        for system, taken in beyond.items()
    ]
    header = ["system", *(LISTS.get(name, name) for name in measured)]
    return as_section("The ten best of each impression", as_table(header, rows))


def group_section(model: str, grouping: str, table: GroupTable) -> str:
    """The model's metrics in every group, plotted where there are several in an order."""
    metrics = next(iter(table.values()), {})
    rows = [
        [group, *map(estimate_cell, of_group.values()), f"{next(iter(of_group.values())).count:,}"]
        for group, of_group in table.items()
    ]
    plot = groups_plot(grouping, table) if grouping in PLOTTED and len(table) > 1 else ""
    header = [grouping, *map(_title, metrics), "impressions"]
    return as_section(f"{model}: by {grouping}", as_table(header, rows), plot)


def as_section(heading: str, table: str, plot: str = "") -> str:
    """A heading with a table, and with a plot where there is one; nothing without a table."""
    return f"<h2>{html.escape(heading)}</h2>\n{table}\n{plot}" if table else ""


def as_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose rows begin with their names; nothing without rows."""
    lines = [
        f'<tr><th scope="row">{html.escape(name)}</th>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    ]
    columns = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    body = "\n".join([f"<tr>{columns}</tr>", *lines])
    return f"<div><table>\n{body}\n</table></div>" if lines else ""


def _title(metric: str) -> str:
    return TITLES.get(metric, metric)


def _counts(report: Report) -> list[str]:
    counts = report.impressions, len(report.positions_I), report.single_class, report.empty_history
    return [f"{count:,}" for count in counts]


def estimate_cell(estimate: Estimate) -> str:
    """A mean with its standard error."""
    return f"{estimate.mean:.4f} ±{estimate.standard_error:.4f}"


def _difference(difference: Difference) -> list[str]:
    return [
        f"{difference.mean:+.4f} ±{difference.standard_error:.4f}",
        f"{difference.low:+.4f} to {difference.high:+.4f}",
        f"{difference.impressions:,}",
        f"{difference.units:,}",
        _p(difference.p),
    ]


def _p(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"
