"""An evaluation's plots, as SVG that stands in a page. Whiskers are standard errors."""

from collections.abc import Mapping
from typing import Final

from model_store.estimates import Estimate
from training.evaluation.drawing import MODEL, OTHERS, as_svg, blank, style, titled, wrapped
from training.evaluation.groups import GroupTable
from training.evaluation.report import TITLES

PLOTTED_OF_GROUPS: Final = ("auc", "ndcg@10")


def systems_plot(systems: Mapping[str, Mapping[str, Estimate]], name: str = "systems") -> str:
    """A panel a metric, a row a system. The first system is the model, and stands out.

    ``name`` tells the plot from the others of its page.
    """
    metrics = list(next(iter(systems.values())))
    with style(name):
        figure = blank(2 * len(metrics) + 1.5, 0.4 * len(systems) + 0.9)
        panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
        for axes, metric in zip(panels, metrics, strict=True):
            for place, estimates in enumerate(systems.values()):
                mean, error = estimates[metric].mean, estimates[metric].standard_error
                colour = OTHERS if place else MODEL
                axes.errorbar(mean, place, xerr=error, marker="o", capsize=3, color=colour)
            titled(axes, TITLES.get(metric, metric))
        panels[0].set_yticks(range(len(systems)), wrapped(systems, 24))
        panels[0].set_ylim(len(systems) - 0.5, -0.5)
        return as_svg(figure, name, "Each metric of each system, with its standard error")


def groups_plot(grouping: str, table: GroupTable) -> str:
    """AUC and nDCG@10 of the model, each in a panel, against the groups in their order."""
    with style(grouping):
        figure = blank(10, 3.4)
        panels = figure.subplots(1, len(PLOTTED_OF_GROUPS))
        for axes, metric in zip(panels, PLOTTED_OF_GROUPS, strict=True):
            estimates = [of_group[metric] for of_group in table.values()]
            means = [estimate.mean for estimate in estimates]
            errors = [estimate.standard_error for estimate in estimates]
            places = range(len(table))
            axes.errorbar(places, means, errors, marker="o", capsize=3, color=MODEL)
            axes.set_xticks(places, wrapped(table, 12), fontsize="small")
            titled(axes, TITLES.get(metric, metric))
        return as_svg(figure, grouping, f"AUC and nDCG@10 by {grouping}, with standard errors")
