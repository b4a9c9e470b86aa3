"""A study's results as tables of text: ours with standard errors, the paper's beside them.

Rows that are not made yet are shown with empty cells, so that one sees what is missing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from training.studies.findings import Contrast, Judged, Tested
from training.studies.plan import duration
from training.studies.running import Results
from training.studies.study import Column, Measured, Picture, Row

NOTHING: Final = ""
WHOLE: Final = 100
"""From here on a figure is told without decimals."""


@dataclass(frozen=True)
class Table:
    """A heading, the columns' titles, and rows of as many cells, which begin with their names."""

    heading: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(results: Results, findings: Sequence[Judged]) -> Iterator[Table]:
    """One for each section of columns, then the findings, then how the rows were made."""
    columns = results.study.columns
    for section in dict.fromkeys(column.section for column in columns):
        yield _measured(results, section, [c for c in columns if c.section == section])
    if any(row.quoted for row in results.study.rows):
        yield _quoted(results)
    if findings:
        yield _findings(results, findings)
    yield _making(results)


def pictures(results: Results) -> list[Picture]:
    """The study's own plots, as far as there is something to draw."""
    drawn = (draw(results.finished) for draw in results.study.plots)
    return [picture for picture in drawn if picture]


def markdown(results: Results, findings: Sequence[Judged]) -> str:
    """All of it, for a document."""
    study = results.study
    facts = [f"- {name}: {fact}" for name, fact in study.facts.items()]
    parts = [f"# {study.paper.title}", "\n".join([*facts, f"- {paper_note(results)}"])]
    parts += [f"## {one.heading}\n\n{one.said}" for one in pictures(results)]
    parts += [f"## {one.heading}\n\n{_markdown(one)}" for one in tables(results, findings)]
    return "\n\n".join(parts) + "\n"


def paper_note(results: Results) -> str:
    """What is to be known of the paper's own numbers."""
    paper = results.study.paper
    if not paper.quoted_from:
        return f"the paper's own numbers, on {paper.data}: its tables were not at hand, none quoted"
    return f"the paper's own numbers, on {paper.data}: quoted from {paper.quoted_from}"


def _measured(results: Results, section: str, columns: Sequence[Column]) -> Table:
    def cell(row: Row, column: Column) -> str:
        finished = results.finished.get(row.name)
        return NOTHING if finished is None else _cell(finished.measured, column.name)

    rows = [(row.title, *(cell(row, c) for c in columns)) for row in results.study.rows]
    kept = [row for row in rows if any(row[1:])]
    return Table(section, ("", *(column.title for column in columns)), tuple(kept))


def _cell(measured: Measured, column: str) -> str:
    if column in measured.figures:
        figure = measured.figures[column]
        return f"{figure:,.0f}" if abs(figure) >= WHOLE else f"{figure:.3g}"
    sample = measured.samples.get(column)
    if sample is None:
        return NOTHING
    return f"{sample.estimate.mean:.4f} ± {sample.estimate.standard_error:.4f}"


def _quoted(results: Results) -> Table:
    """The paper's, and nothing but the paper's."""
    rows, paper = results.study.rows, results.study.paper
    columns = dict.fromkeys(column for row in rows for column in row.quoted)
    quoted = [(row.title, *(row.quoted.get(c, NOTHING) for c in columns)) for row in rows]
    heading = f"The paper's own numbers, on {paper.data}; not ours"
    header = ("", *(f"paper: {column}" for column in columns))
    return Table(heading, header, tuple(row for row in quoted if any(row[1:])))


def _findings(results: Results, findings: Sequence[Judged]) -> Table:
    def told(test: Tested) -> str:
        by, p = test.difference, "< 0.001" if test.p < 0.001 else f"{test.p:.3f}"
        return f"{_named(results, test.contrast)}: {by.mean:+.4f} ± {by.standard_error:.4f}, p {p}"

    rows = [
        (one.finding.claim, one.finding.said, one.verdict, "; ".join(map(told, one.tests)))
        for one in findings
    ]
    header = ("the paper's finding", "it says so in", "here it", "paired differences, p by Holm")
    return Table("Findings", header, tuple(rows))


def _named(results: Results, contrast: Contrast) -> str:
    """What two rows have in common, a column or the row, is said once."""
    titles = {one.name: f"{one.section}, {one.title}" for one in results.study.columns}
    sides = contrast.higher, contrast.lower
    rows = [results.study.row(one.row).title for one in sides]
    columns = [titles.get(one.column, one.column) for one in sides]
    if len(set(columns)) == 1:
        return f"{columns[0]}: {' minus '.join(rows)}"
    if len(set(rows)) == 1:
        return f"{rows[0]}: {' minus '.join(columns)}"
    return " minus ".join(f"{row} ({column})" for row, column in zip(rows, columns, strict=True))


def _making(results: Results) -> Table:
    rows = []
    for row in results.study.rows:
        finished = results.finished.get(row.name)
        if finished is not None:
            facts = [f"{name}: {fact}" for name, fact in finished.measured.facts.items()]
            took = duration(finished.seconds / 60)
            rows.append((row.title, finished.day, took, "; ".join(facts)))
        else:
            why = results.failed.get(row.name)
            rows.append((row.title, "not run" if why is None else "failed", NOTHING, why or ""))
    return Table("How the rows were made", ("", "on", "took", "facts"), tuple(rows))


def _markdown(table: Table) -> str:
    lines = [table.header, ("---",) * len(table.header), *table.rows]
    return "\n".join(f"| {' | '.join(_escaped(cell) for cell in line)} |" for line in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")
