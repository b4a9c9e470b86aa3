"""Tables of titles and bodies, however their columns are called."""

from pathlib import Path

import pytest

from tests.unit.training.real_data import sample
from training.data.problems import Problems
from training.data.tables import read_table
from training.errors import UnreadableData


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("n.csv", '\ufeffID,Headline,Text,Topic\r\na,"One, ""1""","x\r\ny",s\r\nb,Two,z,\r\n'),
        ("n.tsv", 'id\ttitle\tcontent\tlabel\na\t"One, ""1"""\t"x\r\ny"\ts\n\nb\tTwo\tz\t\n'),
        (
            "n.jsonl",
            '{"nid": "a", "title": "One, \\"1\\"", "body": "x\\r\\ny", "class": "s", "x": []}\n\n'
            '{"body": "z", "nid": "b", "title": "Two", "class": null}\n',
        ),
    ],
)
def test_the_columns_are_guessed(tmp_path: Path, name: str, content: str) -> None:
    news = read_table(write(tmp_path, name, content))
    assert news.ids == ["a", "b"]
    assert news.column("title") == ['One, "1"', "Two"]
    assert news.column("body") == ["x\r\ny", "z"]
    assert news.column("category") == ["s", ""]
    assert news.column("abstract") == ["", ""]


def test_a_tsv_whose_quotation_marks_are_text_is_not_unquoted(tmp_path: Path) -> None:
    content = 'title\tbody\n"One" and more\tx\n"Never closed\ty\n"Whole"\tz\n'
    news = read_table(write(tmp_path, "n.tsv", content))
    assert news.column("title") == ['"One" and more', '"Never closed', '"Whole"']


def test_without_an_id_the_rows_number_is_one(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, "n.csv", "title\nOne\nTwo\n")).ids == ["1", "2"]


def test_columns_are_taken_as_told(tmp_path: Path) -> None:
    path = write(tmp_path, "n.csv", "title,name,lead\nx,One,y\n")
    news = read_table(path, {"title": "name", "body": "title"})
    assert (news.column("title"), news.column("body")) == (["One"], ["x"])
    assert news.column("abstract") == [""]


def test_without_a_header_columns_are_told_by_place(tmp_path: Path) -> None:
    path = write(tmp_path, "n.csv", "3,One,x\n4,Two,y\n")
    news = read_table(path, {"category": "1", "title": "2"})
    assert (news.column("title"), news.column("category")) == (["One", "Two"], ["3", "4"])


def test_a_number_in_json_is_text(tmp_path: Path) -> None:
    news = read_table(write(tmp_path, "n.ndjson", '{"id": 7, "title": "One", "label": 3}\n'))
    assert (news.ids, news.column("category")) == (["7"], ["3"])


def test_a_cell_may_be_longer_than_the_csv_modules_limit(tmp_path: Path) -> None:
    news = read_table(write(tmp_path, "n.csv", f"title,body\nOne,{'x' * 200_000}\n"))
    assert len(news.column("body")[0]) == 200_000


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("n.csv", "", r"n\.csv is empty; expected rows of cells under a header"),
        ("n.csv", "title\n", r"n\.csv is empty"),
        ("n.csv", "x,y\n1,2\n", r"n\.csv: expected a column for the title, found x, y$"),
        ("n.csv", "title,title\n1,2\n", r":1: expected each column once, found title, title"),
        ("n.csv", "title,text\nOne,x\nTwo\n", r":3: expected 2 columns \(title, text\), found 1"),
        ("n.csv", "title,text\nOne,x\nTwo,y,z\n", r":3: expected 2 columns .* found 3"),
        ("n.csv", 'title,text\nOne,"x\nTwo,y\n', r":2: expected 2 columns .*\(unexpected end"),
        ("n.csv", 'title,text\nOne,"x"y\n', r":2: expected 2 columns .* malformed cells"),
        ("n.csv", '"title"x,text\nOne,x\n', r":1: expected a first row of columns"),
        ("n.csv", 'title,text\n"a\nb",x\n  ,y\n', r":4: expected a news id and a title"),
        ("n.csv", "id,title\n1,One\n1,Two\n", r":3: expected each news id once, found 1 again"),
        ("n.csv", b"title\nOne\n\xff\n", r"n\.csv:3: expected UTF-8 text"),
        ("n.tsv", "title\ttext\nOne\tx\nTwo\n", r":3: expected 2 columns .* found 1"),
        ("n.jsonl", "", r"n\.jsonl is empty; expected a JSON object a line"),
        ("n.jsonl", '{"title": "One"}\n{"title"\n', r":2: expected a JSON object, found something"),
        ("n.jsonl", '\n["One"]\n', r":2: expected a JSON object, found list"),
        ("n.jsonl", "[" * 100_000 + "\n", r":1: expected a JSON object, found something"),
        ("n.jsonl", '{"title": "\\ud800"}\n', r":1: .* found half of a surrogate pair"),
        ("n.jsonl", '{"title": ["One"]}\n', r":1: expected a news id and a title"),
        ("n.jsonl", '{"x": "One"}\n', r"n\.jsonl: expected a column for the title, found x"),
        ("n.xlsx", "", r"n\.xlsx: expected a file that ends in \.csv, \.tsv"),
    ],
)
def test_what_is_malformed_is_named(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    with pytest.raises(UnreadableData, match=said):
        read_table(write(tmp_path, name, content))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"title": "name"}, r"expected a column name \(title\), found title, text"),
        ({"body": "text"}, r"expected a column for the title, found title, text"),
        ({"headline": "title"}, r"expected one of news_id, title, .* found headline"),
        ({"title": "3"}, r"expected a column 3 \(title\), found 1, 2"),
    ],
)
def test_columns_that_cannot_be_are_named(
    tmp_path: Path, columns: dict[str, str], said: str
) -> None:
    with pytest.raises(UnreadableData, match=said):
        read_table(write(tmp_path, "n.csv", "title,text\nOne,x\n"), columns)


def test_malformed_rows_are_left_out_where_they_may_be(tmp_path: Path) -> None:
    content = 'id,title\na,One\n\nb\n,Two\nc,"Three"x\na,Four\nd,Five\ne,"Six\nf,Seven\n'
    problems = Problems(skip=True)
    news = read_table(write(tmp_path, "n.csv", content), problems=problems)
    assert news.column("title") == ["One", "Five"]
    assert problems.skipped == 6


@pytest.mark.parametrize(("split", "count"), [("dev", 472), ("test", 948)])
def test_masakhanews_is_read(split: str, count: int) -> None:
    news = read_table(sample(f"masakhanews/eng/{split}.tsv"))
    assert len(news) == count
    assert any("\n" in body for body in news.column("body"))
    assert all(news.column("category"))


def test_ag_news_is_read() -> None:
    columns = {"category": "1", "title": "2", "abstract": "3"}
    news = read_table(sample("ag-news/test.csv"), columns)
    assert len(news) == 7_600
    assert set(news.column("category")) == {"1", "2", "3", "4"}


def test_msns_articles_are_read_with_their_quotation_marks() -> None:
    names = ("news_id", "category", "subcategory", "title", "abstract", "body")
    columns = {name: str(place) for place, name in enumerate(names, start=1)}
    news = read_table(sample("msn-bodies/articles.tsv"), columns)
    assert len(news) == 500
    assert any(title.startswith('"') for title in news.column("title"))
