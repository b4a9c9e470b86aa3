"""What a study leaves behind, and that a paper's numbers never pass for ours."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.training.studies.toys import failing, row, study_of
from training.errors import NotWritable
from training.studies.findings import Cell, Contrast, Finding, judged
from training.studies.plan import plan
from training.studies.report import as_html, as_json, write_report
from training.studies.running import Results, run
from training.studies.study import Column, Finished, Made, Picture
from training.studies.tables import markdown, pictures, tables

QUOTED = {"AUC on MIND": "71.02±0.07"}
EVIL = "<script>alert(1)</script> | b"


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """Two rows that are made, one that failed and one that needs it; numbers of the paper."""
    claims = [
        Finding(EVIL, "abstract", (Contrast(Cell("bb", "auc"), Cell("a", "auc")),)),
        Finding("the second", "section 5", (Contrast(Cell("ccc", "auc"), Cell("a", "auc")),)),
    ]
    study = study_of(
        row("a", quoted=QUOTED),
        row("bb"),
        row("ccc", make=failing("no data"), quoted=QUOTED),
        row("dddd", ["ccc"]),
        findings=claims,
        quoted_from="table 2",
    )
    return run(study, plan(study, tmp_path), tmp_path)


def test_the_papers_numbers_stand_in_a_table_of_their_own(results: Results) -> None:
    found = {one.heading: one for one in tables(results, [])}
    ours, theirs = found["All readers"], found["The paper's own numbers, on its own data; not ours"]
    assert ours.header == ("", "AUC")
    assert [line[0] for line in ours.rows] == ["A", "BB"]
    assert "71.02" not in str(ours)
    assert theirs.header == ("", "paper: AUC on MIND")
    assert theirs.rows == (("A", "71.02±0.07"), ("CCC", "71.02±0.07"))


def test_a_row_without_our_numbers_has_none_whatever_the_paper_says(results: Results) -> None:
    written = json.loads(json.dumps(as_json(results, []), allow_nan=False))
    failed = written["rows"]["ccc"]
    assert failed == {"title": "CCC", "settings": {}, "state": "failed", "why": "no data"}
    assert "71.02" not in json.dumps(written["rows"])
    assert written["paper"]["numbers"] == {"a": QUOTED, "ccc": QUOTED}
    assert written["rows"]["bb"]["columns"]["auc"]["count"] == 3


def test_where_no_table_of_the_paper_was_at_hand_it_is_said(tmp_path: Path) -> None:
    study = study_of(row("a"))
    text = markdown(run(study, plan(study, tmp_path), tmp_path), [])
    assert "the paper's own numbers, on its own data: its tables were not at hand" in text
    assert "paper: " not in text


def test_everything_is_written_and_says_the_same(results: Results, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    findings = write_report(folder, results)
    assert [one.verdict for one in findings] == ["too noisy to say", "not measured"]
    names = ["results.html", "results.json", "results.md"]
    assert sorted(path.name for path in folder.iterdir()) == names
    text = (folder / "results.md").read_text("utf-8")
    assert "| A | 0.5833 ± 0.2205 |" in text
    assert "| CCC | failed |  | no data |" in text
    assert "| DDDD | failed |  | needs ccc, which failed |" in text
    assert "alert(1)</script> \\| b" in text
    (first, _) = json.loads((folder / "results.json").read_text("utf-8"))["findings"]
    assert first["verdict"] == "too noisy to say"
    assert first["tests"][0]["mean"] == pytest.approx(1 / 3)


def test_the_page_needs_nothing_else_and_escapes_what_it_shows(results: Results) -> None:
    text = as_html(results, judged(results.study.findings, results.finished))
    assert "<script" not in text
    assert "http" not in text
    assert text.count("<svg") == 1
    assert "quoted from table 2" in text


def test_costs_stand_beside_qualities_which_alone_are_plotted(tmp_path: Path) -> None:
    def timed(rows: Made) -> Made:
        return {
            name: replace(one, measured=replace(one.measured, figures={"cost": 3.25}))
            for name, one in rows.items()
        }

    study = study_of(row("a"), row("bb"), shown=timed)
    study = replace(study, columns=(*study.columns, Column("cost", "minutes", "All readers")))
    results = run(study, plan(study, tmp_path), tmp_path)
    (table, *_) = tables(results, [])
    assert table.header == ("", "AUC", "minutes")
    assert table.rows[0] == ("A", "0.5833 ± 0.2205", "3.25")
    assert as_html(results, []).count("<svg") == 1


def test_a_studys_own_plots_stand_in_the_page_and_their_words_everywhere(tmp_path: Path) -> None:
    def drawn(made: Mapping[str, Finished]) -> Picture | None:
        return Picture("A < B", f"{len(made)} of them", "<svg></svg>") if "bb" in made else None

    study = study_of(row("a"), row("bb"), plots=[drawn])
    early = run(study, plan(study, tmp_path, ["a"]), tmp_path)
    assert pictures(early) == []
    results = run(study, plan(study, tmp_path), tmp_path)
    assert "<h2>A &lt; B</h2>\n<p>2 of them</p>\n<svg></svg>" in as_html(results, [])
    assert "## A < B\n\n2 of them" in markdown(results, [])
    assert as_json(results, [])["plots"] == {"A < B": "2 of them"}


def test_a_folder_that_cannot_be_written_is_named(results: Results, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritable, match="file cannot be written"):
        write_report(tmp_path / "file", results)
