"""The page and the file that an evaluation leaves behind."""

import json
import subprocess
import sys
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.small_logs import log_of, seen
from training.errors import NotWritable
from training.evaluation.baselines import BASELINES
from training.evaluation.beyond import beyond_accuracy
from training.evaluation.comparison import compare
from training.evaluation.groups import GROUPINGS, group_table
from training.evaluation.pages import ReportContent, as_html, as_json, write_report
from training.evaluation.report import evaluate_scores

EVIL = "<script>alert('$x_1$ & co')</script>"
VOID = {"meta"}


class Page(HTMLParser):
    """Everything in a page, and whether each element that was opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@cache
def content_of(model: str = "news-minilm@1", systems: int = 3) -> ReportContent:
    """A model and baselines on a log of eight readers over two days."""
    shown = {"a": 1, "b": 0, "c": 0}
    log = log_of(
        *(seen(shown, user=f"u{n}", history=["a"] * n, hours=6 * n) for n in range(8)),
        seen({"a": 1}),
        category={"a": EVIL},
    )
    rng = np.random.default_rng(0)
    scores = {model: rng.random(25)}
    scores |= {name: baseline(log, log, rng) for name, baseline in BASELINES.items()}
    chosen = list(scores)[:systems]
    reports = {name: evaluate_scores(log, scores[name]) for name in chosen}
    vectors = {name: np.eye(len(log.news)) for name in chosen[:1]}
    return ReportContent(
        title=f"Evaluation of {model}",
        facts={"model": model, "data": "invented/log"},
        systems=reports,
        groups={
            name: group_table(reports[model], grouping(log)) for name, grouping in GROUPINGS.items()
        },
        beyond={name: beyond_accuracy(log, scores[name], vectors.get(name)) for name in chosen},
        comparisons={
            name: compare(reports[model], reports[name], log, resamples=50) for name in chosen[1:]
        },
    )


@pytest.fixture(scope="module")
def text() -> str:
    """The page of a model and two baselines."""
    return as_html(content_of())


def test_both_files_are_written_and_the_folder_is_made(tmp_path: Path) -> None:
    content = content_of()
    write_report(tmp_path / "new" / "folder", content)
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json"]
    assert json.loads((folder / "report.json").read_text("utf-8")) == as_json(content)
    assert (folder / "report.html").read_text("utf-8") == as_html(content)


def test_the_file_holds_every_figure() -> None:
    written = json.loads(json.dumps(as_json(content_of()), allow_nan=False))
    model = written["systems"]["news-minilm@1"]
    assert (model["impressions"], model["single_class"], model["empty_history"]) == (9, 1, 1)
    assert model["metrics"]["ndcg@10"]["count"] == 8
    assert list(written["systems"]) == ["news-minilm@1", "random", "popularity"]
    assert written["groups"]["day"]["2019-11-14"]["auc"]["count"] == 4
    assert written["beyond"]["news-minilm@1"]["diversity"] == pytest.approx(1)
    compared = written["comparisons"]["popularity"]["auc"]
    assert compared["p"] <= compared["p_holm"] <= 1
    assert compared["units"] == 8


def test_the_page_is_whole_and_asks_for_nothing(text: str) -> None:
    page = Page(text)
    assert page.open == []
    assert "http://" not in text
    assert "https://" not in text
    assert not {"script", "link", "img", "iframe", "object"} & set(page.elements)
    links = [value for name, value in page.attributes if name in ("href", "xlink:href", "src")]
    assert links
    assert all(link.startswith("#") for link in links)


def test_ids_are_unique_and_every_reference_has_its_own(text: str) -> None:
    page = Page(text)
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {value[1:] for name, value in page.attributes if name == "xlink:href"}
    clips = {value[5:-1] for name, value in page.attributes if name == "clip-path"}
    assert links | clips <= set(ids)


def test_the_page_is_readable_in_light_and_in_dark(text: str) -> None:
    assert "color-scheme: light dark" in text
    assert "currentColor" in text
    assert not {"#000000", "#ffffff", "#010203"} & set(text.replace(";", " ").split())


@pytest.mark.parametrize("systems", [1, 3])
def test_names_are_text_and_not_markup(systems: int) -> None:
    text = as_html(content_of(EVIL, systems))
    page = Page(text)
    assert "<script>" not in text
    assert "script" not in page.elements
    assert EVIL in page.texts


def test_tables_show_standard_errors_and_counts(text: str) -> None:
    texts = Page(text).texts
    estimate = content_of().systems["popularity"].estimates["auc"]
    assert f"{estimate.mean:.4f} ±{estimate.standard_error:.4f}" in texts
    assert {"skipped", "without history", "MRR (first click)", "p (Holm)"} <= set(texts)
    assert {"2019-11-13", "5 (warmest, mean 7.0 clicks)"} <= set(texts)


def test_what_was_not_measured_has_no_section() -> None:
    content = content_of(systems=1)
    only = ReportContent(content.title, {}, content.systems, {"day": {}}, {}, {})
    page = Page(as_html(only))
    assert page.elements["h2"] == 2
    assert page.elements["svg"] == page.elements["table"] == 1


def test_the_systems_the_fifths_and_the_days_are_plotted(text: str) -> None:
    assert Page(text).elements["svg"] == 3


def test_the_same_content_is_the_same_page(text: str) -> None:
    assert as_html(content_of()) == text


def test_the_plots_leave_no_state_behind() -> None:
    import matplotlib

    as_html(content_of(systems=1))
    assert matplotlib.rcParams["text.color"] == "black"
    assert matplotlib.rcParams["svg.hashsalt"] is None
    assert "matplotlib.pyplot" not in sys.modules


def test_evaluating_needs_no_matplotlib() -> None:
    code = "import training.evaluation.pages, sys; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritable, match="file cannot be written"):
        write_report(tmp_path / "file", content_of(systems=1))
