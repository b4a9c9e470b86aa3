"""What a replay writes and shows of its measures."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from service.replay import report
from service.replay.measures import Listed, Measures
from service.replay.report import Facts

FACTS = Facts(
    data="invented/log",
    model="invented@1",
    articles=1_200,
    readers=3,
    impressions=5,
    measured=4,
    clicks=6,
    generated_titles=0,
    personal=True,
)
SVG = "{http://www.w3.org/2000/svg}"


def measures(*orders: list[bool], category: str | None = "news", texts: bool = True) -> Measures:
    """Of these orders, and of as many lists of two articles."""
    made = Measures()
    for labels in orders:
        made.ranked(labels)
        vectors = np.array([[1, 0], [0, 1]], np.float16) if texts else None
        made.listed(
            Listed(("a", "b"), vectors, (category,) * 2, np.array([1.0, 2.0]), (0, 0), 0, 4)
        )
    return made


MEASURED = {
    "model": measures([True, False], [False, True]),
    "default": measures([True, False], [True, False]),
}


def page(folder: Path, facts: Facts = FACTS, measured: dict[str, Measures] = MEASURED) -> str:
    report.write(folder, facts, measured)
    return (folder / "report.html").read_text(encoding="utf-8")


def drawn_texts(svg: str) -> set[str]:
    """What the plot says; matplotlib draws glyphs, and names them in comments."""
    return {text.strip() for text in re.findall(r"<!--(.*?)-->", svg)}


def test_the_json_holds_every_estimate_and_the_facts(tmp_path: Path) -> None:
    report.write(tmp_path / "made" / "for it", FACTS, MEASURED)
    written = json.loads((tmp_path / "made" / "for it" / "report.json").read_text())
    assert (written["model"], written["clicks"]) == ("invented@1", 6)
    auc = {"mean": 0.5, "standard_error": 0.5, "count": 2}
    assert written["scenarios"]["model"]["auc"] == auc
    assert written["scenarios"]["default"]["coverage"] == 0.5
    assert written["scenarios"]["default"]["single_class"] == 0


def test_scenarios_are_compared_with_the_first_in_pairs() -> None:
    scenarios = report.as_json(FACTS, MEASURED)["scenarios"]
    # Of two impressions one is the same, and one is lifted from second to first.
    lifted = (1 - 1 / np.log2(3)) / 2
    expected = {"mean": lifted, "standard_error": lifted, "count": 2}
    assert scenarios["default"]["difference_from_first"] == pytest.approx(expected)
    assert scenarios["model"]["difference_from_first"]["mean"] == 0


def test_the_page_loads_nothing_and_holds_the_plot(tmp_path: Path) -> None:
    html = page(tmp_path)
    assert not re.search(r"<(script|link|img)\b|@import|url\(\s*['\"]?http", html)
    svg = ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + len("</svg>")])
    assert svg.tag == f"{SVG}svg"
    assert "0.5000 ±0.5000" in html
    assert "1,200 articles" in html


def test_names_are_text_and_not_markup(tmp_path: Path) -> None:
    html = page(tmp_path, measured={"<b>bold</b> & co": MEASURED["model"]})
    assert "<b>bold" not in html.split("<svg")[0]
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; co" in html


@pytest.mark.parametrize("generated", [True, False])
def test_generated_titles_are_said_clearly(tmp_path: Path, generated: bool) -> None:
    facts = Facts("log", "m@1", 1, 1, 1, 1, 1, int(generated), personal=not generated)
    assert ("Personal retrieval is off" in page(tmp_path, facts)) == generated
    assert ("Personal retrieval is off" in facts.as_text()) == generated


@pytest.mark.parametrize(
    ("made", "label"),
    [
        (measures([True, False]), "intra-list diversity"),
        (measures([True, False], texts=False), "different categories / list length"),
        (measures([True, False], texts=False, category=None), "coverage of the articles"),
    ],
    ids=["vectors", "categories", "neither"],
)
def test_accuracy_is_plotted_against_the_diversity_that_is_known(
    made: Measures, label: str
) -> None:
    assert {label, "only", "nDCG@10 of the logged impressions"} <= drawn_texts(
        report.trade_off({"only": made})
    )


def test_the_plot_leaves_no_state_behind() -> None:
    import sys

    report.trade_off(MEASURED)
    assert "matplotlib.pyplot" not in sys.modules


def test_the_terminals_table_has_a_column_a_scenario() -> None:
    console = Console(width=120, record=True)
    with console.capture() as shown:
        console.print(report.terminal_table(MEASURED))
    text = shown.get()
    (header,) = (line for line in text.splitlines() if "scenario" in line)
    assert header.index("model") < header.index("default")
    assert re.search(r"Δ nDCG@10 .*\+0\.1845 ±0\.1845", text)
    assert re.search(r"coverage .*0\.500", text)


def test_what_was_not_measured_has_no_row() -> None:
    console = Console(width=120)
    without = {"only": measures([True, False], texts=False, category=None)}
    with console.capture() as shown:
        console.print(report.terminal_table(without))
    assert "diversity" not in shown.get()
    assert "categories" not in shown.get()
    assert "novelty" in shown.get()
