"""Texts for centring, from every kind of file."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.texts import check_template, evenly, read_texts
from training.errors import BadTemplate, UnreadableData

NEWS = "".join(
    f"N{n}\tsports\tgolf\tTitle  {n}\tAbstract {n}\thttps://n/{n}\t[]\t[]\n" for n in (1, 2, 3, 4)
)
SEEN = "7\tU1\t11/13/2019 8:36:57 AM\tN1\tN4-0 N1-1\n"


def test_one_title_a_line(tmp_path: Path) -> None:
    (tmp_path / "titles.txt").write_text("First\n\n  Second   title \n", encoding="utf-8")
    texts = read_texts(tmp_path / "titles.txt", "query: {title}")
    assert texts == ["query: First", "query: Second title"]


def test_json_lines_are_rendered_by_the_template(tmp_path: Path) -> None:
    article = {"title": "First", "abstract": "More", "attributes": {"a": 1}}
    (tmp_path / "a.jsonl").write_text(json.dumps(article) + "\n", encoding="utf-8")
    assert read_texts(tmp_path / "a.jsonl", "{title}. {abstract}") == ["First. More"]


def test_a_news_file_gives_all_its_news(tmp_path: Path) -> None:
    (tmp_path / "news.tsv").write_text(NEWS, encoding="utf-8")
    assert read_texts(tmp_path / "news.tsv", "{category}: {title}")[0] == "sports: Title 1"
    assert len(read_texts(tmp_path / "news.tsv", "{title}")) == 4


def test_a_mind_folder_gives_the_news_that_its_log_names(tmp_path: Path) -> None:
    (tmp_path / "news.tsv").write_text(NEWS, encoding="utf-8")
    (tmp_path / "behaviors.tsv").write_text(SEEN, encoding="utf-8")
    assert read_texts(tmp_path, "{title}") == ["Title 1", "Title 4"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.txt", b"\n\n", r"empty\.txt holds no texts"),
        ("empty.jsonl", b"", r"empty\.jsonl holds no texts"),
        ("a.jsonl", b'{"title": "x"}\n{oops\n', r"a\.jsonl:2: expected a JSON object"),
        ("a.jsonl", b'{"headline": "x"}\n', r"a\.jsonl:1: expected a JSON object with a title"),
        ("latin.txt", b"caf\xe9\n", r"latin\.txt is not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableData, match=said):
        read_texts(tmp_path / name, "{title}")


@pytest.mark.parametrize("template", ["{headline}", "{title", "no field", "{title:d}", "{}"])
def test_a_template_that_cannot_be_rendered_is_refused(template: str) -> None:
    with pytest.raises(BadTemplate):
        check_template(template)


@given(st.lists(st.integers(), max_size=50), st.integers(1, 60))
def test_an_even_choice_keeps_the_order_and_the_number(items: list[int], at_most: int) -> None:
    chosen = evenly(range(len(items)), at_most)
    assert len(chosen) == min(at_most, len(items))
    assert chosen == sorted(set(chosen))
