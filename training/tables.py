"""What the commands print."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.table import Table

from model_store.manifest import Parity, Precision
from model_store.metrics import METRICS

if TYPE_CHECKING:
    from training.evaluation.baseline_report import GroupSection
    from training.evaluation.evaluate import Evaluation
    from training.evaluation.report import Report


def parity_table(parity: Mapping[Precision, Parity]) -> Table:
    """How far each precision's vectors lie from torch's, before centring."""
    table = Table("precision", box=None)
    for column in ("texts", "largest difference", "mean cosine", "0.1 percentile", "least"):
        table.add_column(column, justify="right")
    for precision, measured in parity.items():
        table.add_row(
            precision,
            f"{measured.texts:,}",
            f"{measured.max_absolute_difference:.1e}",
            f"{measured.mean_cosine:.5f}",
            f"{measured.low_cosine:.5f}",
            f"{measured.min_cosine:.5f}",
        )
    return table


def metrics_table(report: "Report") -> Table:
    """Every metric with its standard error and count."""
    table = Table("metric", box=None)
    for column in ("mean", "standard error", "impressions"):
        table.add_column(column, justify="right")
    for name, estimate in report.estimates.items():
        table.add_row(
            name, f"{estimate.mean:.4f}", f"{estimate.standard_error:.4f}", f"{estimate.count:,}"
        )
    return table


def systems_table(systems: Mapping[str, "Report"]) -> Table:
    """The metrics of several systems on one log."""
    from training.evaluation.sections import estimate_cell

    table = Table("system", *METRICS, box=None)
    for name, report in systems.items():
        table.add_row(name, *(estimate_cell(report.estimates[metric]) for metric in METRICS))
    return table


def group_section_table(section: "GroupSection") -> Table:
    """A metric of several systems in groups."""
    table = Table(*section.header, title=section.heading, box=None)
    for row in section.rows:
        table.add_row(*row)
    return table


def remarks(evaluation: "Evaluation") -> str:
    """What was evaluated, what was left out, and how the rest counts."""
    report = evaluation.report
    return (
        f"{evaluation.model}, {evaluation.precision}, on {evaluation.data}: "
        f"{report.impressions:,} impressions, {evaluation.news:,} news, "
        f"the newest {evaluation.history_length} clicks\n"
        f"{report.single_class:,} skipped: all or none of their candidates were clicked\n"
        f"{report.empty_history:,} with an empty history: their candidates all tie\n"
        "a tie counts half in AUC, and ranks the clicked candidate last"
    )
