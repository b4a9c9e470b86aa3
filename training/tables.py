"""What the commands print."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.table import Table

from model_store.manifest import Parity, Precision

if TYPE_CHECKING:
    from training.evaluation.evaluate import Evaluation


def parity_table(parity: Mapping[Precision, Parity]) -> Table:
    """How far each precision's vectors lie from torch's."""
    table = Table("precision", box=None, title="Parity with torch before centring")
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


def metrics_table(evaluation: "Evaluation") -> Table:
    """Every metric with its standard error and count, and what was left out."""
    report = evaluation.report
    table = Table(
        "metric",
        box=None,
        title=f"{evaluation.model} ({evaluation.precision}) on {evaluation.data}",
        caption=(
            f"{report.impressions:,} impressions; {report.single_class:,} skipped, with a single "
            f"class; {report.empty_history:,} with an empty history, their candidates all tied; "
            f"ties never favour the model; the newest {evaluation.history_length} clicks count"
        ),
        caption_justify="left",
    )
    for column in ("mean", "standard error", "impressions"):
        table.add_column(column, justify="right")
    for name, estimate in report.estimates.items():
        table.add_row(
            name, f"{estimate.mean:.4f}", f"{estimate.standard_error:.4f}", f"{estimate.count:,}"
        )
    return table
