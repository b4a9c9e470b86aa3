"""EB-NeRD's folders as logs, as they are and as they should not be."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from service.replay import ebnerd
from service.replay.log import LoggedArticle, LoggedClick, UnreadableLog
from tests.unit.replay.invented_logs import (
    IMPRESSIONS,
    Row,
    behaviours_frame,
    history,
    history_frame,
    impression,
    moment,
    write_ebnerd,
)
from tests.unit.replay.time_order import check_time_order


def seconds(time: datetime) -> float:
    return time.replace(tzinfo=UTC).timestamp()


def test_an_impression_is_read_as_it_stands_in_utc(tmp_path: Path) -> None:
    log = ebnerd.read([write_ebnerd(tmp_path)])
    (one,) = log.impressions
    assert (one.user_id, one.seconds, one.shown) == ("7", seconds(moment(9)), ("11", "12"))
    assert one.clicked == (LoggedClick("12", seconds(moment(9)), 30.0),)
    assert one.history == (LoggedClick("10", seconds(moment(8)), 5.0),)
    check_time_order(log)


def test_without_articles_every_title_is_generated_from_the_id(tmp_path: Path) -> None:
    log = ebnerd.read([write_ebnerd(tmp_path)])
    assert log.articles.keys() == {"10", "11", "12"}
    title = "Article 11 (generated title)"
    assert log.articles["11"] == LoggedArticle("11", title, "", "", "", generated=True)


@pytest.mark.parametrize("place", ["", ".."], ids=["in the folder", "above it"])
def test_articles_are_read_where_they_lie(tmp_path: Path, place: str) -> None:
    folder = write_ebnerd(tmp_path / "train")
    rows: Row = {
        "article_id": [10, 11, 99],
        "title": ["Kite seller sold out of wind", "", "Never shown"],
        "subtitle": [None, "No title above", "Nor clicked"],
        "category_str": ["vejr", "vejr", "vejr"],
    }
    pl.DataFrame(rows).write_parquet(folder / place / "articles.parquet")
    log = ebnerd.read([folder])
    expected = LoggedArticle("10", "Kite seller sold out of wind", "", "vejr", "", False)
    assert log.articles["10"] == expected
    assert [log.articles[name].generated for name in ("11", "12")] == [True, True]
    assert "99" not in log.articles


@pytest.mark.parametrize(
    ("clicked", "read_seconds", "dwell"),
    [([11], 4.0, [4.0]), ([11], None, [None]), ([11, 12], 4.0, [None, None]), ([], None, [])],
    ids=["one", "unknown", "whose of two is not said", "none"],
)
def test_the_dwell_time_is_that_of_the_only_click(
    tmp_path: Path, clicked: list[int], read_seconds: float | None, dwell: list[float | None]
) -> None:
    frame = behaviours_frame([impression(7, moment(9), [11, 12], clicked, read_seconds)])
    (one,) = ebnerd.read([write_ebnerd(tmp_path, frame)]).impressions
    assert [click.dwell_seconds for click in one.clicked] == dwell


def test_a_history_that_reaches_past_the_first_impression_ends_there(tmp_path: Path) -> None:
    clicks = [(moment(9, 30), 13, 2.0), (moment(8, 5), 11, None), (moment(8), 10, 5.0)]
    log = ebnerd.read([write_ebnerd(tmp_path, histories=history_frame([history(7, *clicks)]))])
    assert [click.article_id for click in log.impressions[0].history] == ["10", "11"]
    check_time_order(log)


def test_a_reader_without_a_history_has_none(tmp_path: Path) -> None:
    log = ebnerd.read([write_ebnerd(tmp_path, behaviours_frame([impression(8, moment(9), [11])]))])
    assert log.impressions[0].history == ()


def test_of_several_folders_the_history_is_that_of_the_first_impression(tmp_path: Path) -> None:
    later = behaviours_frame([impression(7, moment(12), [14]), impression(8, moment(11), [14])])
    histories = history_frame(
        [history(7, (moment(9), 12, 1.0)), history(8, (moment(10), 13, None))]
    )
    folders = [
        write_ebnerd(tmp_path / "validation", later, histories),
        write_ebnerd(tmp_path / "train"),
    ]
    log = ebnerd.read(folders)
    read = [(one.user_id, [click.article_id for click in one.history]) for one in log.impressions]
    assert read == [("7", ["10"]), ("8", ["13"]), ("7", [])]
    check_time_order(log)


WRONG_BEHAVIOURS = {
    "no rows": (behaviours_frame([]), r"behaviors\.parquet is empty; expected rows of user_id"),
    "no such column": (
        behaviours_frame().drop("article_ids_clicked"),
        r"behaviors\.parquet: expected the column article_ids_clicked, found impression_id, ",
    ),
    "times are numbers": (
        behaviours_frame().with_columns(pl.col("impression_time").dt.epoch("s")),
        r"behaviors\.parquet: expected times in impression_time, found Int64",
    ),
    "lists are texts": (
        behaviours_frame().with_columns(pl.lit("11 12").alias("article_ids_inview")),
        r"behaviors\.parquet: expected lists of ids in article_ids_inview, found String",
    ),
    "a value is missing": (
        behaviours_frame([*IMPRESSIONS, {**IMPRESSIONS[0], "user_id": None}]),
        r"behaviors\.parquet, row 2: expected ids in user_id, found null",
    ),
    "an id of a list is missing": (
        behaviours_frame([{**IMPRESSIONS[0], "article_ids_inview": [11, None]}]),
        r"behaviors\.parquet, row 1: expected lists of ids in article_ids_inview, found null",
    ),
    "nothing in view": (
        behaviours_frame([*IMPRESSIONS, impression(7, moment(9), [])]),
        r"behaviors\.parquet, row 2: expected at least one article in view, found none",
    ),
}


@pytest.mark.parametrize(("frame", "said"), WRONG_BEHAVIOURS.values(), ids=list(WRONG_BEHAVIOURS))
def test_wrong_behaviours_are_named_by_file_and_row(
    tmp_path: Path, frame: pl.DataFrame, said: str
) -> None:
    with pytest.raises(UnreadableLog, match=said):
        ebnerd.read([write_ebnerd(tmp_path, frame)])


def test_lists_of_a_history_that_do_not_match_are_named_by_row(tmp_path: Path) -> None:
    short = {**history(7, (moment(8), 10, 5.0)), "read_time_fixed": []}
    with pytest.raises(
        UnreadableLog, match=r"row 1: expected lists of one length .* found 1, 1, 0"
    ):
        ebnerd.read([write_ebnerd(tmp_path, histories=history_frame([short]))])


def test_a_file_that_is_not_parquet_is_named(tmp_path: Path) -> None:
    folder = write_ebnerd(tmp_path)
    (folder / "history.parquet").write_text("user_id\n7\n")
    with pytest.raises(UnreadableLog, match=r"history\.parquet is not a Parquet file"):
        ebnerd.read([folder])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (write_ebnerd(tmp_path) / "history.parquet").unlink()
    with pytest.raises(UnreadableLog, match=r"history\.parquet cannot be read: No such file"):
        ebnerd.read([tmp_path])
