"""What a log gives without a model and without any text: the baselines, over all and by groups.

For a log whose articles are not at hand, such as EB-NeRD's without ``articles.parquet``, and for
whoever wants to know what a model has to beat before there is one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from training.data.impressions import ImpressionLog
from training.evaluation.baselines import baseline_scores
from training.evaluation.groups import GROUPINGS, GroupTable, group_table
from training.evaluation.pages import HTML, JSON, estimates_json, page, report_json, write_files
from training.evaluation.report import TITLES, Report, evaluate_scores
from training.evaluation.sections import as_section, as_table, estimate_cell, systems_section

GROUPED: Final = {"history": "fifths of readers by their clicks", "day": "day"}
"""The groupings that say something of any log, as people call them."""
METRICS_OF_GROUPS: Final = ("auc", "ndcg@10")
OF_CATEGORIES: Final = "category_count"


@dataclass(frozen=True, eq=False)
class GroupSection:
    """A metric of every baseline in every group, as text."""

    heading: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class BaselineReport:
    """What came out of it."""

    data: str
    facts: Mapping[str, str]
    systems: Mapping[str, Report]
    """By baseline."""
    groups: Mapping[str, Mapping[str, GroupTable]]
    """By grouping, then by baseline."""

    def sections(self) -> Iterator[GroupSection]:
        """Each grouping in each metric that groups are compared by."""
        for grouping, tables in self.groups.items():
            for metric in METRICS_OF_GROUPS:
                yield GroupSection(
                    f"{TITLES[metric]} by {GROUPED[grouping]}",
                    (grouping, *tables, "impressions"),
                    tuple(_rows(tables, metric)),
                )


def report_of_baselines(
    log: ImpressionLog, data: str, prior: ImpressionLog | None = None
) -> BaselineReport:
    """The baselines on a log, ``data`` by name; those know the clicks of ``prior``, an earlier log
    over the same news. Of news without categories there is no count of them.

    Raises Leak for a prior that reaches into what is evaluated, and NothingToEvaluate.
    """
    scores = baseline_scores(log, prior)
    if not any(log.news.column("category")):
        del scores[OF_CATEGORIES]
    systems = {name: evaluate_scores(log, scores_S) for name, scores_S in scores.items()}
    groups = {name: GROUPINGS[name](log) for name in GROUPED}
    return BaselineReport(
        data=data,
        facts=_facts(log, data, prior, systems),
        systems=systems,
        groups={
            grouping: {name: group_table(report, those) for name, report in systems.items()}
            for grouping, those in groups.items()
        },
    )


def write_baselines(folder: Path, report: BaselineReport) -> None:
    """Write ``report.json`` and ``report.html`` into the folder. Raises NotWritable."""
    written = json.dumps(as_json(report), indent=2) + "\n"
    write_files(folder, {JSON: written, HTML: as_html(report)})


def as_json(report: BaselineReport) -> dict[str, JsonValue]:
    """All of it but the single impressions' values."""
    return {
        "facts": dict(report.facts),
        "systems": {name: report_json(one) for name, one in report.systems.items()},
        "groups": {
            grouping: {
                name: {group: estimates_json(cells) for group, cells in table.items()}
                for name, table in tables.items()
            }
            for grouping, tables in report.groups.items()
        },
    }


def as_html(report: BaselineReport) -> str:
    """The page; it needs nothing else."""
    groups = (as_section(one.heading, as_table(one.header, one.rows)) for one in report.sections())
    title = f"Baselines on {report.data}"
    return page(title, report.facts, [systems_section(report.systems), *groups])


def _rows(tables: Mapping[str, GroupTable], metric: str) -> Iterator[tuple[str, ...]]:
    for group, cells in next(iter(tables.values())).items():
        means = (estimate_cell(table[group][metric]) for table in tables.values())
        yield group, *means, f"{cells[metric].count:,}"


def _facts(
    log: ImpressionLog, data: str, prior: ImpressionLog | None, systems: Mapping[str, Report]
) -> dict[str, str]:
    skipped = next(iter(systems.values())).single_class
    return {
        "data": data,
        "impressions": f"{len(log):,}, {skipped:,} of them skipped: all or none was clicked",
        "readers": f"{len(set(log.users)):,}",
        "known before": "nothing" if prior is None else f"{len(prior):,} earlier impressions",
        "categories": "as the news state them"
        if OF_CATEGORIES in systems
        else "not stated: not counted",
    }
