"""The report: verdict, promises, calls, facts, and Locust's own pages, in one HTML file."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Final

from loadtest.gate import Judged, Results, passed

PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
 body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto }}
 table {{ border-collapse: collapse; margin: .5rem 0 2rem }}
 td, th {{ border-bottom: 1px solid #ddd; padding: .25rem .9rem .25rem 0; text-align: left }}
 .passed {{ color: #17632f }} .failed {{ color: #a4161a; font-weight: bold }}
 iframe {{ border: 1px solid #ddd; width: 100%; height: 60rem }}
</style>
<h1>{title}: <span class="{css}">{css}</span></h1>
<h2>Verdict</h2>{verdict}
<h2>Calls</h2>{calls}
{faults}
<h2>What was played, and on what</h2>{facts}
<h2>By Locust</h2><iframe title="Locust's report" srcdoc="{locust}"></iframe>
</html>
"""


def write(
    folder: Path,
    title: str,
    rows: Sequence[Judged],
    results: Results,
    facts: Mapping[str, str],
    locust: str,
) -> Path:
    """Write ``report.html``, which needs no other file, and ``report.json``; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    css = "passed" if passed(rows) else "failed"
    page = folder / "report.html"
    page.write_text(
        PAGE.format(
            title=escape(title),
            css=css,
            verdict=_verdict(rows),
            calls=_calls(results),
            faults=_faults(results),
            facts=_table((), facts.items()),
            locust=escape(locust),
        ),
        encoding="utf-8",
    )
    values = {
        "passed": css == "passed",
        "facts": dict(facts),
        "verdict": [asdict(row) for row in rows],
        "calls": {call: asdict(answered) for call, answered in results.calls.items()},
        "faults": dict(results.faults),
        "broken": list(results.broken),
    }
    (folder / "report.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    return page


def _verdict(rows: Iterable[Judged]) -> str:
    names = ("", "wanted", "found", "")
    cells = [
        (row.what, row.wanted, row.found, "passed" if row.passed else "failed") for row in rows
    ]
    return _table(names, cells)


def _calls(results: Results) -> str:
    names = ("call", "requests", "a second", "without answer", "p50 ms", "p95 ms", "p99 ms")
    rows = [
        (
            name,
            str(call.requests),
            f"{call.per_second:.1f}",
            str(call.failed),
            *(f"{of:.0f}" for of in (call.p50_ms, call.p95_ms, call.p99_ms)),
        )
        for name, call in sorted(results.calls.items())
    ]
    return _table(names, rows)


def _faults(results: Results) -> str:
    if not results.faults and not results.broken:
        return ""
    rows: list[tuple[str, str, str]] = [
        (fault, str(times), ", ".join(results.examples.get(fault, ())))
        for fault, times in results.faults.most_common()
    ]
    rows += [("error of the load test", "", error) for error in results.broken]
    return "<h2>Broken promises</h2>" + _table(("promise", "times", "for example in"), rows)


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(text: str) -> str:
    css = f' class="{text}"' if text in ("passed", "failed") else ""
    return f"<td{css}>{escape(text)}</td>"
