"""Quality against clicks, as a picture that can be read on light and on dark pages."""

from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from bench.cold_start.figures import Curve, Curves
from training.evaluation.report import TITLES

PLOTTED: Final = ("auc", "ndcg@10")
INK: Final = "#7b8490"
"""As far from white as from black: a picture does not know the colour of the page."""
COLOURS: Final = ("#2f86d0", "#d9822b", "#2aa198", "#c2528b", "#8f6fd0", "#86a019", "#8a8a8a")
WIDTH: Final = 0.3
"""The curves stand beside each other within so much of the way to the next number of clicks, so
that their whiskers can be told apart."""


def draw(curves: Curves, file: Path) -> None:
    """AUC and nDCG@10, each in a panel, with standard errors, as SVG; the numbers of clicks stand
    at equal distances, and a dotted line at what is given to a reader without any.
    """
    ink = dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor"), INK)
    ink |= dict.fromkeys(("xtick.color", "ytick.color"), INK)
    with mpl.rc_context({**ink, "text.parse_math": False, "svg.hashsalt": file.stem}):
        figure = Figure(figsize=(9.5, 4.2), layout="constrained", facecolor="none")
        FigureCanvasSVG(figure)
        panels = figure.subplots(1, len(PLOTTED))
        for axes, metric in zip(panels, PLOTTED, strict=True):
            _panel(axes, metric, curves)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, format="svg", metadata={"Date": None})


def _panel(axes: Axes, metric: str, curves: Curves) -> None:
    columns = sorted({clicks for curve in curves.values() for clicks in curve})
    for number, (name, curve) in enumerate(curves.items()):
        aside = WIDTH * (number / max(len(curves) - 1, 1) - 0.5)
        colour = COLOURS[number % len(COLOURS)]
        _curve(axes, metric, curve, [columns.index(c) + aside for c in curve], colour, name)
        if 0 in curve:
            nobody = curve[0].estimates[metric].mean
            axes.axhline(nobody, color=colour, linestyle=":", linewidth=1, zorder=0)
    axes.set_xticks(range(len(columns)), [str(clicks) for clicks in columns])
    axes.set_xlabel("clicks that are known of the reader")
    axes.set_title(TITLES[metric], fontsize="medium")
    axes.set_facecolor("none")
    axes.grid(alpha=0.25)


def _curve(
    axes: Axes, metric: str, curve: Curve, places: list[float], colour: str, name: str
) -> None:
    estimates = [report.estimates[metric] for report in curve.values()]
    axes.errorbar(
        places,
        [estimate.mean for estimate in estimates],
        [estimate.standard_error for estimate in estimates],
        fmt="o-",
        markersize=4,
        capsize=2,
        elinewidth=0.8,
        color=colour,
        label=name,
    )
