"""What a replay found: a table for the terminal, ``report.json``, and a page with a plot."""

import html
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.table import Table

from model_store.estimates import Estimate
from service.replay.measures import ACCURACY, Measures

COLUMNS: Final = {
    "auc": "AUC",
    "mrr": "MRR",
    "ndcg@5": "nDCG@5",
    "ndcg@10": "nDCG@10",
    "diversity": "diversity",
    "categories": "categories",
    "novelty": "novelty (bits)",
    "age": "age (h)",
}
SPREAD: Final = {
    "diversity": "intra-list diversity",
    "categories": "different categories / list length",
}
"""What accuracy is plotted against, the first that every scenario has."""
COMPARED: Final = "Δ nDCG@10"
IMPERSONAL: Final = "Personal retrieval is off."
PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Replay of ranking policies</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
th, td {{ padding: .3rem .7rem; text-align: right; border-bottom: 1px solid #ccc }}
th:first-child, td:first-child {{ text-align: left }}
svg {{ max-width: 100%; height: auto }}
</style>
<h1>Replay of ranking policies</h1>
<p>{facts}</p>
{table}
<p>Means ± standard errors. Δ nDCG@10: the mean paired difference from the first scenario. Accuracy
is of the order of what the log says was shown; all else is of lists of ten from everything that
was live. The standard errors take impressions as independent; readers who come again make them too
small.</p>
{plot}
</html>
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was replayed, on what."""

    data: str
    model: str
    articles: int
    readers: int
    impressions: int
    measured: int
    clicks: int
    generated_titles: int
    personal: bool

    def as_text(self) -> str:
        """The facts in a line."""
        text = (
            f"{self.data}: {self.articles:,} articles, {self.readers:,} readers, "
            f"{self.impressions:,} impressions of which {self.measured:,} were measured, "
            f"{self.clicks:,} clicks; model {self.model}."
        )
        if self.generated_titles:
            text += f" {self.generated_titles:,} articles have no text: their titles are generated."
        return text if self.personal else f"{text} {IMPERSONAL}"


def terminal_table(measured: Mapping[str, Measures]) -> Table:
    """One column a scenario."""
    table = Table()
    names, *measures = zip(_header(measured), *_rows(measured), strict=True)
    for name in names:
        table.add_column(name, justify="left" if name == "scenario" else "right")
    for row in measures:
        table.add_row(*row)
    return table


def write(folder: Path, facts: Facts, measured: Mapping[str, Measures]) -> None:
    """Write ``report.json`` and ``report.html`` into the folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(as_json(facts, measured), indent=2) + "\n")
    rows = [_header(measured), *_rows(measured)]
    cells = [[html.escape(cell) for cell in row] for row in rows]
    lines = ["<tr><th>" + "</th><th>".join(cells[0]) + "</th></tr>"]
    lines += ["<tr><td>" + "</td><td>".join(row) + "</td></tr>" for row in cells[1:]]
    page = PAGE.format(
        facts=html.escape(facts.as_text()),
        table="<table>" + "\n".join(lines) + "</table>",
        plot=trade_off(measured),
    )
    (folder / "report.html").write_text(page, encoding="utf-8")


def as_json(facts: Facts, measured: Mapping[str, Measures]) -> dict[str, Any]:
    """Everything that was found."""
    first = next(iter(measured.values()))
    return {
        **asdict(facts),
        "scenarios": {
            scenario: {
                **{name: asdict(estimate) for name, estimate in measures.estimates.items()},
                "coverage": measures.coverage,
                "gini": measures.gini,
                "single_class": measures.single_class,
                "difference_from_first": asdict(_difference(measures, first)),
            }
            for scenario, measures in measured.items()
        },
    }


def trade_off(measured: Mapping[str, Measures]) -> str:
    """Accuracy against diversity, with standard errors, as SVG; against the number of different
    categories, or the coverage, where there are no vectors.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    everywhere = set.intersection(*(set(measures.values) for measures in measured.values()))
    against = next((name for name in SPREAD if name in everywhere), None)
    label = SPREAD[against] if against else "coverage of the articles"
    for scenario, measures in measured.items():
        x = measures.estimates[against] if against else Estimate(measures.coverage, 0.0, 1)
        y = measures.estimates[ACCURACY]
        errors = y.standard_error, x.standard_error
        axes.errorbar(x.mean, y.mean, *errors, marker="o", capsize=3, label=scenario)
    figure.legend(loc="outside right upper", frameon=False)
    axes.set_xlabel(label)
    axes.set_ylabel("nDCG@10 of the logged impressions")
    axes.grid(alpha=0.3)
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()[drawn.getvalue().index("<svg") :]


def _header(measured: Mapping[str, Measures]) -> list[str]:
    taken = {name for measures in measured.values() for name in measures.values}
    columns = [title for name, title in COLUMNS.items() if name in taken]
    return ["scenario", *columns, COMPARED, "coverage", "Gini"]


def _rows(measured: Mapping[str, Measures]) -> list[list[str]]:
    first = next(iter(measured.values()))
    taken = {name for measures in measured.values() for name in measures.values}
    rows = []
    for scenario, measures in measured.items():
        estimates = measures.estimates
        cells = [_cell(estimates.get(name)) for name in COLUMNS if name in taken]
        compared = "" if measures is first else _cell(_difference(measures, first), signed=True)
        rows.append(
            [scenario, *cells, compared, f"{measures.coverage:.3f}", f"{measures.gini:.3f}"]
        )
    return rows


def _difference(measures: Measures, first: Measures) -> Estimate:
    return Estimate.of_difference(
        np.array(measures.values[ACCURACY]), np.array(first.values[ACCURACY])
    )


def _cell(estimate: Estimate | None, *, signed: bool = False) -> str:
    if estimate is None:
        return ""
    mean = f"{estimate.mean:+.4f}" if signed else f"{estimate.mean:.4f}"
    return f"{mean} ±{estimate.standard_error:.4f}"
