"""EB-NeRD's folders: read as they are, refused or left out by file and row where broken."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.training.real_data import sample
from training.data import ebnerd
from training.data.impressions import Impression
from training.data.news import NewsId
from training.data.problems import Problems
from training.errors import UnreadableData

TIME = datetime(2023, 5, 21, 21, 6, 50)
INTEGERS = pl.List(pl.Int32)
BEHAVIOURS: pl.Schema = pl.Schema(
    {
        "impression_id": pl.UInt32,
        "user_id": pl.UInt32,
        "impression_time": pl.Datetime("us"),
        "article_ids_inview": INTEGERS,
        "article_ids_clicked": INTEGERS,
        "read_time": pl.Float32,
    }
)
HISTORY = pl.Schema({"user_id": pl.UInt32, "article_id_fixed": INTEGERS})
Row = tuple[object, ...]
SEEN: Row = (7, 1, TIME, [11, 12, 13], [12], 3.0)
READ: Row = (1, [10, 11, 10])


def frames(*behaviours: Row, history: list[Row] | None = None) -> dict[str, pl.DataFrame]:
    read = [READ] if history is None else history
    return {
        ebnerd.BEHAVIOURS: pl.DataFrame(list(behaviours), BEHAVIOURS, orient="row"),
        ebnerd.HISTORY: pl.DataFrame(read, HISTORY, orient="row"),
    }


def write(folder: Path, files: dict[str, pl.DataFrame]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, frame in files.items():
        frame.write_parquet(folder / name)
    return folder


def articles(**columns: list[object]) -> pl.DataFrame:
    given = {
        "article_id": [13, 11],
        "title": ["Tretten", "Elleve"],
        "subtitle": ["Under", None],
        "body": ["Krop", ""],
        "category_str": ["sport", "krimi"],
    }
    return pl.DataFrame(given | columns, schema_overrides={"title": pl.String})


def test_an_impression_is_read_as_it_stands(tmp_path: Path) -> None:
    again = (8, 2, TIME, [13, 10], [10, 10], None)
    log = ebnerd.read(write(tmp_path, frames(SEEN, again)))
    candidates = (NewsId("11"), NewsId("12"), NewsId("13"))
    history = (NewsId("10"), NewsId("11"), NewsId("10"))
    assert list(log) == [
        Impression("7", "1", TIME, history, candidates, (0, 1, 0)),
        Impression("8", "2", TIME, (), (NewsId("13"), NewsId("10")), (0, 1)),
    ]


def test_without_articles_every_id_is_news_without_a_title(tmp_path: Path) -> None:
    news = ebnerd.read(write(tmp_path, frames(SEEN))).news
    assert news.ids == ["10", "11", "12", "13"]
    assert set(news.column("title")) == set(news.column("category")) == {""}
    assert set(news.column("language")) == {"da"}


def test_only_readers_of_the_log_make_news(tmp_path: Path) -> None:
    news = ebnerd.read(write(tmp_path, frames(SEEN, history=[READ, (9, [99])]))).news
    assert "99" not in news


@pytest.mark.parametrize("above", [False, True])
def test_articles_are_read_where_they_lie(tmp_path: Path, above: bool) -> None:
    folder = write(tmp_path / "train", frames(SEEN))
    table = articles(subcategory=[[3, 4], []])
    write(tmp_path if above else folder, {ebnerd.ARTICLES: table})
    log = ebnerd.read(folder)
    assert log.news.ids == ["13", "11", "10", "12"]
    assert log.news.frame.row(0, named=True) == {
        "news_id": "13",
        "title": "Tretten",
        "abstract": "Under",
        "body": "Krop",
        "category": "sport",
        "subcategory": "3",
        "language": "da",
        "sentiment": "",
        "entities": "",
    }
    assert log.news.column("abstract")[1] == log.news.column("subcategory")[1] == ""
    assert log[0].candidates == ("11", "12", "13")


def test_articles_may_have_a_sentiment_and_entities(tmp_path: Path) -> None:
    table = articles(
        sentiment_label=["Negative", None], entity_groups=[["PER", "LOC", None, "PER"], []]
    )
    log = ebnerd.read(write(tmp_path, frames(SEEN) | {ebnerd.ARTICLES: table}))
    assert log.news.column("sentiment") == ["negative", "", "", ""]
    assert log.news.column("entities") == ["LOC PER", "", "", ""]
    strange = articles(sentiment_label=[0.3, 0.7])
    with pytest.raises(UnreadableData, match="expected texts in sentiment_label, found Float64"):
        ebnerd.read(write(tmp_path, frames(SEEN) | {ebnerd.ARTICLES: strange}))


def test_articles_need_no_subcategory(tmp_path: Path) -> None:
    news = ebnerd.read(write(tmp_path, frames(SEEN) | {ebnerd.ARTICLES: articles()})).news
    assert news.column("subcategory") == [""] * 4


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ((8, 1, TIME, [], [], 0.0), "at least one candidate, found none"),
        ((8, 1, TIME, [11, 12], [12, 14], 0.0), "clicks among the candidates, found 14 elsewhere"),
        ((8, 1, TIME, [11, None], [11], 0.0), "a whole value in article_ids_inview, found null"),
        ((8, 1, TIME, None, [11], 0.0), "a whole value in article_ids_inview, found null"),
        ((8, 1, TIME, [11], None, 0.0), "a whole value in article_ids_clicked, found null"),
        ((8, 1, None, [11], [11], 0.0), "a whole value in impression_time, found null"),
        ((8, None, TIME, [11], [11], 0.0), "a whole value in user_id, found null"),
        ((None, 1, TIME, [11], [11], 0.0), "a whole value in impression_id, found null"),
    ],
)
def test_malformed_impressions_are_named_by_row_or_left_out(
    tmp_path: Path, bad: Row, said: str
) -> None:
    last = (9, 1, TIME, [10], [10], 0.0)
    folder = write(tmp_path, frames(SEEN, bad, last))
    with pytest.raises(UnreadableData, match=rf"behaviors\.parquet: row 2: expected {said}$"):
        ebnerd.read(folder)
    problems = Problems(skip=True)
    assert [one.impression_id for one in ebnerd.read(folder, problems)] == ["7", "9"]
    assert problems.skipped == 1


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ((1, [12]), "each user once, found 1 again"),
        ((2, None), "a whole value in article_id_fixed, found null"),
        ((2, [12, None]), "a whole value in article_id_fixed, found null"),
        ((None, [12]), "a whole value in user_id, found null"),
    ],
)
def test_malformed_histories_are_named_by_row_or_left_out(
    tmp_path: Path, bad: Row, said: str
) -> None:
    folder = write(tmp_path, frames(SEEN, history=[READ, bad]))
    with pytest.raises(UnreadableData, match=rf"history\.parquet: row 2: expected {said}$"):
        ebnerd.read(folder)
    (impression,) = ebnerd.read(folder, Problems(skip=True))
    assert impression.history == ("10", "11", "10")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (articles(article_id=[13, 13]), "row 2: expected each article once, found 13 again"),
        (articles(article_id=[13, None]), "row 2: expected integers in article_id, found null"),
        (articles().drop("title"), "expected a column title, found article_id, subtitle"),
        (articles(body=[1, 2]), "expected texts in body, found Int64"),
        (articles(subcategory=["a", "b"]), "expected lists of integers in subcategory, found Str"),
    ],
)
def test_malformed_articles_are_named(tmp_path: Path, table: pl.DataFrame, said: str) -> None:
    folder = write(tmp_path, frames(SEEN) | {ebnerd.ARTICLES: table})
    with pytest.raises(UnreadableData, match=rf"articles\.parquet: {said}"):
        ebnerd.read(folder)


@pytest.mark.parametrize("name", [ebnerd.BEHAVIOURS, ebnerd.HISTORY])
def test_every_column_that_is_read_is_needed_in_its_type(tmp_path: Path, name: str) -> None:
    whole = frames(SEEN)
    kinds = ebnerd.BEHAVIOUR_COLUMNS if name == ebnerd.BEHAVIOURS else ebnerd.HISTORY_COLUMNS
    for column, kind in kinds.items():
        write(tmp_path, whole | {name: whole[name].drop(column)})
        with pytest.raises(UnreadableData, match=rf"{name}: expected a column {column}, found "):
            ebnerd.read(tmp_path)
        write(tmp_path, whole | {name: whole[name].with_columns(pl.lit("x").alias(column))})
        said = rf"{name}: expected {kind.name} in {column}, found String"
        with pytest.raises(UnreadableData, match=said):
            ebnerd.read(tmp_path)


@pytest.mark.parametrize("name", [ebnerd.BEHAVIOURS, ebnerd.HISTORY])
@pytest.mark.parametrize("kept", [0, 3, 0.5, 0.99])
def test_a_truncated_file_is_named(tmp_path: Path, name: str, kept: float) -> None:
    path = write(tmp_path, frames(SEEN)) / name
    raw = path.read_bytes()
    path.write_bytes(raw[: int(kept if kept >= 1 else kept * len(raw))])
    with pytest.raises(UnreadableData, match=rf"{name}: expected a Parquet file: "):
        ebnerd.read(tmp_path)


def test_a_number_beyond_the_types_range_is_named_by_row(tmp_path: Path) -> None:
    files = frames(SEEN, SEEN)
    huge = pl.Series("user_id", [1, 2**64 - 1], dtype=pl.UInt64)
    files[ebnerd.BEHAVIOURS] = files[ebnerd.BEHAVIOURS].with_columns(huge)
    with pytest.raises(UnreadableData, match=r"row 2: expected a whole value in user_id"):
        ebnerd.read(write(tmp_path, files))


def test_a_corrupt_page_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, frames(*[SEEN] * 500)) / ebnerd.BEHAVIOURS
    raw = bytearray(path.read_bytes())
    raw[4:60] = b"\xff" * 56
    path.write_bytes(raw)
    with pytest.raises(UnreadableData, match=r"behaviors\.parquet: expected a Parquet file: "):
        ebnerd.read(tmp_path)


def test_a_file_that_is_not_there_or_holds_no_impression_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match=r"behaviors\.parquet cannot be read: "):
        ebnerd.read(tmp_path)
    with pytest.raises(UnreadableData, match=r"behaviors\.parquet is empty; expected rows of imp"):
        ebnerd.read(write(tmp_path, frames()))


ids = st.integers(10, 15)
behaviours = st.builds(
    lambda user, shown, clicked: (
        7,
        user,
        TIME,
        shown,
        [one for one in shown if one in clicked],
        0,
    ),
    st.integers(1, 3),
    st.lists(ids, min_size=1, max_size=5),
    st.sets(ids),
)
histories = st.dictionaries(st.integers(1, 3), st.lists(ids, max_size=4))
bad = st.just((8, 1, TIME, [], [], 0.0))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(behaviours | bad, min_size=1, max_size=10), histories)
def test_among_bad_rows_exactly_the_good_ones_are_read(
    tmp_path: Path, rows: list[Row], read: dict[int, list[int]]
) -> None:
    log = ebnerd.read(
        write(tmp_path, frames(*rows, history=list(read.items()))), Problems(skip=True)
    )
    wanted = [
        Impression(
            "7",
            str(user),
            TIME,
            tuple(NewsId(str(one)) for one in read.get(user, [])),
            tuple(NewsId(str(one)) for one in shown),
            tuple(int(one in clicked) for one in shown),
        )
        for impression_id, user, _, shown, clicked, _ in rows
        if impression_id == 7
    ]
    assert list(log) == wanted


@pytest.mark.parametrize(("split", "count"), [("train", 24_724), ("validation", 25_356)])
def test_the_real_sample_is_read(split: str, count: int) -> None:
    folder = sample(f"ebnerd-demo/{split}")
    log = ebnerd.read(folder)
    raw = pl.read_parquet(folder / ebnerd.BEHAVIOURS)
    assert len(log) == count
    assert log.candidates.lengths.tolist() == raw["article_ids_inview"].list.len().to_list()
    assert log.history.lengths.min() == 5
    for position in range(0, count, 1_000):
        clicked = {str(one) for one in raw["article_ids_clicked"][position]}
        shown = zip(log[position].candidates, log[position].labels, strict=True)
        assert {news_id for news_id, label in shown if label} == clicked
