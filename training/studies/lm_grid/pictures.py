"""The study's plots: depth, readers, days, and quality against cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from model_store.estimates import Estimate
from training.studies.clicks import METRICS
from training.studies.costs import COST
from training.studies.gains import Costs, quality_against_costs
from training.studies.lm_grid.designs import TITLES, Grid
from training.studies.lm_grid.exam import DAY, Exam
from training.studies.plots import Lines, lines_plot
from training.studies.study import Draw, Made, Picture

METRIC: Final = "auc"
AUC: Final = METRICS[METRIC]
COSTS: Final[Costs] = {
    "milliseconds to encode a news item": lambda figures: 1000 / figures[f"{COST}speed"],
    "minutes of training steps": lambda figures: figures[f"{COST}minutes"],
}


@dataclass(frozen=True)
class Groups:
    """Groups of impressions in an order."""

    name: str
    heading: str
    axis: str
    said: str
    columns: Mapping[str, str]
    """Of METRIC, by what stands on the axis."""


def plots(grid: Grid, exam: Exam) -> tuple[Draw, ...]:
    """All of them."""
    fifths = Groups(
        "fifths",
        "Cold start",
        "fifth of readers, the coldest first",
        "by fifths of readers",
        {name: f"fifth/{n}/{METRIC}" for n, name in enumerate(exam.fifths, start=1)},
    )
    days = Groups(
        "days",
        "As the news move on",
        "day",
        "by day (the first one chose the epochs, which flatters it)",
        {day: f"{DAY}/{day}/{METRIC}" for day in exam.days},
    )
    return (
        partial(_of_costs, grid),
        partial(_of_depth, grid),
        partial(_of_groups, grid, fifths),
        partial(_of_groups, grid, days),
    )


def _of_costs(grid: Grid, rows: Made) -> Picture | None:
    """Every row, whatever it costs."""
    made = {one.name: rows[one.name].measured for one in grid.designs() if one.name in rows}
    return quality_against_costs(made, METRIC, COSTS)


def _of_depth(grid: Grid, rows: Made) -> Picture | None:
    """A panel an architecture."""
    panels: dict[str, Lines] = {}
    for architecture in grid.settings.architectures:
        line = {
            str(depth): rows[design.name].measured.samples[METRIC].estimate
            for depth, design in grid.sweep(architecture).items()
            if design.name in rows
        }
        if len(line) > 1:
            panels[TITLES[architecture]] = {"swept": line}
    if grid.swept is None or not panels:
        return None
    said = f"{AUC} against the top layers of {grid.swept.name} that learn, of {grid.swept.layers}."
    return Picture("How deep to fine-tune", said, lines_plot(panels, "layers", AUC, "depth"))


def _of_groups(grid: Grid, groups: Groups, rows: Made) -> Picture | None:
    """A panel an architecture, a line an encoder."""
    panels: dict[str, Lines] = {}
    for architecture in grid.settings.architectures:
        lines: dict[str, Mapping[str, Estimate]] = {}
        for encoder in grid.names:
            name = grid.shown(architecture, encoder).name
            samples = rows[name].measured.samples if name in rows else {}
            found = {n: samples[c].estimate for n, c in groups.columns.items() if c in samples}
            if found:
                lines[encoder] = found
        if lines:
            panels[TITLES[architecture]] = lines
    if not panels:
        return None
    said = f"{AUC} {groups.said}, of static vectors as they are and of every encoder fine-tuned."
    return Picture(groups.heading, said, lines_plot(panels, groups.axis, AUC, groups.name))
