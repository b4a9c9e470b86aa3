"""Plots that studies share: lines over panels, and quality against cost. Whiskers are standard
errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from model_store.estimates import Estimate
from training.evaluation.drawing import INK, MODEL, OTHERS, as_svg, blank, style, titled, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS: Final = (MODEL, "#d07a2f", "#3a9d5d", "#b04fb3", "#c94c4c", OTHERS, "#9a8b1f", "#3aa6a6")
MARKERS: Final = "osD^vPX*"

Lines = Mapping[str, Mapping[str, Estimate]]
"""By line, then by place on the axis, in its order."""


@dataclass(frozen=True)
class Spot:
    """A system among others."""

    quality: Estimate
    cost: float
    on_front: bool


def lines_plot(panels: Mapping[str, Lines], axis: str, quality: str, name: str) -> str:
    """A panel each, with its lines over what stands on the axis."""
    with style(name):
        figure = blank(4 * len(panels) + 1, 3.6)
        drawn = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        lines = list(dict.fromkeys(line for panel in panels.values() for line in panel))
        for axes, (title, panel) in zip(drawn, panels.items(), strict=True):
            _lines(axes, panel, lines)
            axes.set_xlabel(axis)
            titled(axes, title)
        drawn[0].set_ylabel(quality)
        if len(lines) > 1:
            _legend(figure, drawn)
        return as_svg(figure, name, f"{quality} against {axis}, with standard errors")


def costs_plot(panels: Mapping[str, Mapping[str, Spot]], quality: str, name: str) -> str:
    """A panel a cost, each system a spot; those on the front are joined, and bear their names."""
    with style(name):
        figure = blank(6 * len(panels), 4.6)
        drawn = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (cost, spots) in zip(drawn, panels.items(), strict=True):
            for spot in spots.values():
                _spot(axes, spot)
            _front(axes, spots)
            axes.set_xscale("symlog", linthresh=_least([s.cost for s in spots.values()]))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.set_xlabel(cost)
            titled(axes, "")
        drawn[0].set_ylabel(quality)
        return as_svg(figure, name, f"{quality} against costs; what nothing beats is joined")


def _lines(axes: "Axes", panel: Lines, lines: Sequence[str]) -> None:
    places = list(dict.fromkeys(place for line in panel.values() for place in line))
    for number, line in enumerate(lines):
        estimates = panel.get(line, {})
        axes.errorbar(
            [places.index(place) for place in estimates],
            [estimate.mean for estimate in estimates.values()],
            [estimate.standard_error for estimate in estimates.values()],
            marker=MARKERS[number % len(MARKERS)],
            color=COLOURS[number % len(COLOURS)],
            capsize=3,
            label=line,
        )
    axes.set_xticks(range(len(places)), wrapped(places, 12), fontsize="small")


def _legend(figure: "Figure", drawn: Sequence["Axes"]) -> None:
    handles, labels = drawn[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)


def _spot(axes: "Axes", spot: Spot) -> None:
    axes.errorbar(
        spot.cost,
        spot.quality.mean,
        spot.quality.standard_error,
        marker="o",
        capsize=2,
        color=MODEL if spot.on_front else OTHERS,
        alpha=1 if spot.on_front else 0.6,
    )


def _front(axes: "Axes", spots: Mapping[str, Spot]) -> None:
    front = sorted(
        ((name, spot) for name, spot in spots.items() if spot.on_front), key=lambda s: s[1].cost
    )
    costs, means = [s.cost for _, s in front], [s.quality.mean for _, s in front]
    axes.plot(costs, means, color=MODEL, alpha=0.5, drawstyle="steps-post")
    for name, spot in front:
        where = spot.cost, spot.quality.mean
        axes.annotate(name, where, (4, 4), textcoords="offset points", fontsize=7, color=INK)


def _least(costs: Sequence[float]) -> float:
    """Below the least cost that is one the axis is straight, for those that cost nothing."""
    return min((cost for cost in costs if cost > 0), default=1.0)
