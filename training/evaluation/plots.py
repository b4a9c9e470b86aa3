"""An evaluation's plots, as SVG that stands in a page: its ink is the page's, light or dark.

matplotlib is imported where it draws, since evaluating needs none. Whiskers are standard errors.
"""

import html
import io
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from model_store.estimates import Estimate
from training.evaluation.groups import GroupTable
from training.evaluation.report import TITLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOTTED_OF_GROUPS: Final = ("auc", "ndcg@10")
INK: Final = "#010203"
"""Stands for the page's own colour of text, for which matplotlib has no name."""
MODEL: Final = "#2f86d0"
OTHERS: Final = "#8a8a8a"


def systems_plot(systems: Mapping[str, Mapping[str, Estimate]], name: str = "systems") -> str:
    """A panel a metric, a row a system. The first system is the model, and stands out.

    ``name`` tells the plot from the others of its page.
    """
    metrics = list(next(iter(systems.values())))
    with _style(name):
        figure = _figure(2 * len(metrics) + 1.5, 0.4 * len(systems) + 0.9)
        panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
        for axes, metric in zip(panels, metrics, strict=True):
            for place, estimates in enumerate(systems.values()):
                mean, error = estimates[metric].mean, estimates[metric].standard_error
                colour = OTHERS if place else MODEL
                axes.errorbar(mean, place, xerr=error, marker="o", capsize=3, color=colour)
            _label(axes, metric)
        panels[0].set_yticks(range(len(systems)), _wrapped(systems, 24))
        panels[0].set_ylim(len(systems) - 0.5, -0.5)
        return _svg(figure, name, "Each metric of each system, with its standard error")


def groups_plot(grouping: str, table: GroupTable) -> str:
    """AUC and nDCG@10 of the model, each in a panel, against the groups in their order."""
    with _style(grouping):
        figure = _figure(10, 3.4)
        panels = figure.subplots(1, len(PLOTTED_OF_GROUPS))
        for axes, metric in zip(panels, PLOTTED_OF_GROUPS, strict=True):
            estimates = [of_group[metric] for of_group in table.values()]
            means = [estimate.mean for estimate in estimates]
            errors = [estimate.standard_error for estimate in estimates]
            places = range(len(table))
            axes.errorbar(places, means, errors, marker="o", capsize=3, color=MODEL)
            axes.set_xticks(places, _wrapped(table, 12), fontsize="small")
            _label(axes, metric)
        return _svg(figure, grouping, f"AUC and nDCG@10 by {grouping}, with standard errors")


@contextmanager
def _style(name: str) -> Iterator[None]:
    """Names are text, never formulas; and the same plot is the same SVG, to the byte."""
    import matplotlib

    with matplotlib.rc_context(
        {
            "text.color": INK,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "text.parse_math": False,
            "svg.hashsalt": name,
        }
    ):
        yield


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="none")
    FigureCanvasSVG(figure)
    return figure


def _label(axes: "Axes", metric: str) -> None:
    axes.set_facecolor("none")
    axes.set_title(TITLES.get(metric, metric), fontsize="medium")
    axes.grid(alpha=0.3)


def _wrapped(names: Mapping[str, object], width: int) -> Sequence[str]:
    return [textwrap.fill(name, width) for name in names]


def _svg(figure: "Figure", name: str, said: str) -> str:
    """Without namespaces, which a page needs not; ids begin with the plot's name, to be unique."""
    drawn = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(drawn, format="svg", metadata=nothing)
    svg = drawn.getvalue()[drawn.getvalue().index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(said)}"', 1)
