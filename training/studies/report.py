"""What a study leaves in a folder: ``results.json``, ``.md``, and a page, ``results.html``."""

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from training.evaluation.pages import page, write_files
from training.evaluation.plots import systems_plot
from training.evaluation.sections import as_section, as_table
from training.studies.findings import Judged, judged
from training.studies.running import Results
from training.studies.study import Finished, Picture
from training.studies.tables import Table, markdown, paper_note, pictures, tables

JSON: Final = "results.json"
MARKDOWN: Final = "results.md"
HTML: Final = "results.html"
PLOTTED: Final = 5
"""So many columns of a section fit into a plot."""


def write_report(folder: Path, results: Results) -> list[Judged]:
    """Write all three, and give the findings' verdicts. Raises NotWritable."""
    findings = judged(results.study.findings, results.finished)
    written = {
        JSON: json.dumps(as_json(results, findings), indent=2, ensure_ascii=False) + "\n",
        MARKDOWN: markdown(results, findings),
        HTML: as_html(results, findings),
    }
    write_files(folder, written)
    return findings


def as_json(results: Results, findings: Sequence[Judged]) -> dict[str, JsonValue]:
    """All of it but the single values. The paper's numbers are texts, under ``paper`` alone."""
    study = results.study
    return {
        "study": study.name,
        "facts": dict(study.facts),
        "columns": {column.name: f"{column.section}: {column.title}" for column in study.columns},
        "rows": {
            row.name: {
                "title": row.title,
                "settings": dict(row.decided_by),
                **_row_json(results.finished.get(row.name), results.failed.get(row.name)),
            }
            for row in study.rows
        },
        "plots": {picture.heading: picture.said for picture in pictures(results)},
        "findings": [_finding_json(one) for one in findings],
        "paper": {
            **asdict(study.paper),
            "numbers": {row.name: dict(row.quoted) for row in study.rows if row.quoted},
        },
    }


def as_html(results: Results, findings: Sequence[Judged]) -> str:
    """The page; it needs nothing else."""
    facts = dict(results.study.facts) | {"the paper's numbers": paper_note(results)}
    sections = [_pictured(picture) for picture in pictures(results)]
    sections += [
        as_section(
            one.heading, as_table(one.header, one.rows), _plot(results, one, f"plot-{place}")
        )
        for place, one in enumerate(tables(results, findings))
    ]
    return page(results.study.paper.title, facts, sections)


def _pictured(picture: Picture) -> str:
    return (
        f"<h2>{html.escape(picture.heading)}</h2>\n<p>{html.escape(picture.said)}</p>\n"
        f"{picture.svg}"
    )


def _plot(results: Results, table: Table, name: str) -> str:
    """The table's first columns that have errors, of the rows that have them all."""
    study = results.study
    means = {name for one in results.finished.values() for name in one.measured.samples}
    columns = [c for c in study.columns if c.section == table.heading and c.name in means][:PLOTTED]
    systems = {}
    for row in study.rows:
        finished = results.finished.get(row.name)
        samples = finished.measured.samples if finished else {}
        if columns and all(column.name in samples for column in columns):
            systems[row.title] = {c.title: samples[c.name].estimate for c in columns}
    return systems_plot(systems, name) if len(systems) > 1 else ""


def _row_json(finished: Finished | None, failed: str | None) -> dict[str, JsonValue]:
    if finished is None:
        return {"state": "not run"} if failed is None else {"state": "failed", "why": failed}
    samples = finished.measured.samples.items()
    return {
        "state": "finished",
        "day": finished.day,
        "seconds": finished.seconds,
        "facts": dict(finished.measured.facts),
        "figures": dict(finished.measured.figures),
        "columns": {column: asdict(sample.estimate) for column, sample in samples},
    }


def _finding_json(one: Judged) -> JsonValue:
    tests: Iterator[JsonValue] = (
        {**asdict(test.contrast), **asdict(test.difference), "p_holm": test.p} for test in one.tests
    )
    return {
        "claim": one.finding.claim,
        "said": one.finding.said,
        "verdict": one.verdict,
        "tests": list(tests),
    }
