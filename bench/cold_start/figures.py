"""Quality against clicks as tables: every way to score, at every number of clicks.

All are measured on the same impressions, so that any two of them can be compared in pairs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from training.data.impressions import ImpressionLog
from training.evaluation.comparison import Difference, compare, holm
from training.evaluation.report import TITLES, Report

Curve = Mapping[int, Report]
"""By the number of clicks, ascending."""
Curves = Mapping[str, Curve]
"""By the way to score."""
Differences = Mapping[str, Mapping[int, Mapping[str, Difference]]]
"""By the way to score, the number of clicks, and the metric."""


def beside(
    curve: Curve, other: Curve, log: ImpressionLog
) -> Mapping[int, Mapping[str, Difference]]:
    """One curve minus another wherever both have a point, paired; whole readers are drawn."""
    return {
        clicks: compare(report, other[clicks], log)
        for clicks, report in curve.items()
        if clicks in other
    }


def quality_table(curves: Curves, metric: str) -> str:
    """A metric's means with their standard errors, in Markdown."""
    rows = {
        name: {
            clicks: f"{report.estimates[metric].mean:.3f} ± "
            f"{report.estimates[metric].standard_error:.3f}"
            for clicks, report in curve.items()
        }
        for name, curve in curves.items()
    }
    return _table(f"{TITLES[metric]} after clicks", rows)


def difference_table(title: str, differences: Differences, metric: str) -> str:
    """A metric's differences with their standard errors, in Markdown; * where p, adjusted by Holm
    over the table, is below 0.05.
    """
    adjusted = holm(
        {
            (name, clicks): of_metrics[metric].p
            for name, at in differences.items()
            for clicks, of_metrics in at.items()
        }
    )
    rows = {
        name: {
            clicks: f"{of_metrics[metric].mean:+.3f} ± {of_metrics[metric].standard_error:.3f}"
            + (" *" if adjusted[name, clicks] < 0.05 else "")
            for clicks, of_metrics in at.items()
        }
        for name, at in differences.items()
    }
    return _table(title, rows)


def as_json(curves: Curves, differences: Mapping[str, Differences]) -> dict[str, Any]:
    """Everything that was measured, but the single impressions' values."""
    return {
        "quality": {
            name: {
                clicks: {metric: asdict(mean) for metric, mean in report.estimates.items()}
                for clicks, report in curve.items()
            }
            for name, curve in curves.items()
        },
        "differences": {
            title: {
                name: {
                    clicks: {metric: asdict(one) for metric, one in of_metrics.items()}
                    for clicks, of_metrics in at.items()
                }
                for name, at in of_names.items()
            }
            for title, of_names in differences.items()
        },
    }


def _table(title: str, rows: Mapping[str, Mapping[int, str]]) -> str:
    columns = sorted({clicks for row in rows.values() for clicks in row})
    lines = [_line([title, *map(str, columns)]), "|---|" + "---|" * len(columns)]
    lines += [_line([name, *(row.get(c, "") for c in columns)]) for name, row in rows.items()]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
