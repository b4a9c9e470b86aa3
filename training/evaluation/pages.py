"""What an evaluation leaves in a folder: ``report.json``, and a page to read, ``report.html``."""

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from model_store.estimates import Estimate
from training.errors import NotWritable
from training.evaluation.comparison import Difference, holm
from training.evaluation.groups import GroupTable
from training.evaluation.report import Report
from training.evaluation.sections import (
    comparisons_section,
    group_section,
    lists_section,
    systems_section,
)

JSON: Final = "report.json"
HTML: Final = "report.html"
PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: auto; padding: 1rem }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem }}
dt {{ opacity: .75 }}
dd {{ margin: 0 }}
div {{ overflow-x: auto }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
th, td {{ padding: .3rem .7rem; text-align: right; border-bottom: 1px solid #8886 }}
th:first-child {{ text-align: left }}
svg {{ max-width: 100%; height: auto }}
</style></head>
<body>
<h1>{title}</h1>
{facts}
{sections}
<h2>How to read this</h2>
<p>Means ± standard errors over impressions. Impressions of which all or none of the candidates were
clicked have no metric and are skipped. A tie counts half in AUC, and ranks the clicked candidate
last. The standard errors take impressions as independent; readers who come again make them too
small, which the differences allow for: they are paired, and whole readers are resampled.</p>
</body></html>
"""


@dataclass(frozen=True, eq=False)
class ReportContent:
    """All that a page shows. ``systems`` holds at least the model."""

    title: str
    facts: Mapping[str, str]
    """What was evaluated on what: model, precision, data, history length and so on."""
    systems: Mapping[str, Report]
    """The model first, then what it is compared with."""
    groups: Mapping[str, GroupTable]
    """The model's, by grouping: ``training.evaluation.groups.GROUPINGS`` names them."""
    beyond: Mapping[str, Mapping[str, float]]
    """Each system's measures of its lists."""
    comparisons: Mapping[str, Mapping[str, Difference]]
    """By the system that is compared with, then by metric: the model's value minus the system's."""

    def adjusted(self) -> Mapping[tuple[str, str], float]:
        """The comparisons' p-values by system and metric, by Holm over all of them."""
        return holm(
            {
                (system, metric): difference.p
                for system, differences in self.comparisons.items()
                for metric, difference in differences.items()
            }
        )


def write_report(folder: Path, content: ReportContent) -> None:
    """Write ``report.json`` and ``report.html``, which needs nothing else, into the folder.

    The folder is made. Raises NotWritable if that, or writing, fails.
    """
    write_files(
        folder, {JSON: json.dumps(as_json(content), indent=2) + "\n", HTML: as_html(content)}
    )


def write_files(folder: Path, texts: Mapping[str, str]) -> None:
    """Write texts under their names into the folder, which is made. Raises NotWritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotWritable(f"{folder} cannot be written: {error.strerror}") from error


def as_json(content: ReportContent) -> dict[str, JsonValue]:
    """All of it but the single impressions' values."""
    adjusted = content.adjusted()
    return {
        "title": content.title,
        "facts": dict(content.facts),
        "systems": {name: report_json(report) for name, report in content.systems.items()},
        "groups": {
            grouping: {group: estimates_json(of_group) for group, of_group in table.items()}
            for grouping, table in content.groups.items()
        },
        "beyond": {name: dict(measures) for name, measures in content.beyond.items()},
        "comparisons": {
            system: {
                metric: {**asdict(difference), "p_holm": adjusted[system, metric]}
                for metric, difference in differences.items()
            }
            for system, differences in content.comparisons.items()
        },
    }


def as_html(content: ReportContent) -> str:
    """The page. What is not plotted for want of groups, or was not measured, is left out."""
    model = next(iter(content.systems))
    sections = [
        systems_section(content.systems),
        comparisons_section(model, content.comparisons, content.adjusted()),
        lists_section(content.beyond),
        *(group_section(model, name, table) for name, table in content.groups.items()),
    ]
    return page(content.title, content.facts, sections)


def page(title: str, facts: Mapping[str, str], sections: Sequence[str]) -> str:
    """A page of sections, which are HTML; the title and the facts are text, and escaped."""
    told = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(fact)}</dd>" for name, fact in facts.items()
    )
    return PAGE.format(
        title=html.escape(title), facts=f"<dl>{told}</dl>", sections="\n".join(sections)
    )


def report_json(report: Report) -> dict[str, JsonValue]:
    """A system's figures, without the single impressions'."""
    return {
        "impressions": report.impressions,
        "single_class": report.single_class,
        "empty_history": report.empty_history,
        "metrics": estimates_json(report.estimates),
    }


def estimates_json(estimates: Mapping[str, Estimate]) -> JsonValue:
    """By metric."""
    return {metric: asdict(estimate) for metric, estimate in estimates.items()}
