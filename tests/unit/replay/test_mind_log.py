"""MIND's folders as logs, as they are and as they should not be."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.replay import mind
from service.replay.log import LoggedArticle, LoggedClick, UnreadableLog
from tests.unit.replay.invented_logs import NEWS, SEEN, TITLES, news_line, seen_line, write_mind
from tests.unit.replay.time_order import check_time_order

EIGHT = datetime(2019, 11, 13, 8, tzinfo=UTC).timestamp()
NEWEST = EIGHT - mind.NEWEST_BEFORE_SECONDS


def test_an_impression_is_read_as_it_stands(tmp_path: Path) -> None:
    log = mind.read([write_mind(tmp_path)])
    (impression,) = log.impressions
    assert (impression.user_id, impression.seconds) == ("U1", EIGHT)
    assert impression.shown == ("N2", "N3")
    assert impression.clicked == (LoggedClick("N3", EIGHT, None),)
    assert log.articles["N2"] == LoggedArticle("N2", TITLES["N2"], "", "news", "odd", False)
    check_time_order(log)


def test_a_history_is_put_long_before_the_log_begins_a_minute_a_click(tmp_path: Path) -> None:
    seen = seen_line("U1", "8:30:00 AM", "N1 N2 N1", "N3-0") + seen_line(
        "U2", "8:00:00 AM", "", "N3-0"
    )
    log = mind.read([write_mind(tmp_path, behaviours=seen)])
    assert log.impressions[1].history == (
        LoggedClick("N1", NEWEST - 120),
        LoggedClick("N2", NEWEST - 60),
        LoggedClick("N1", NEWEST),
    )
    assert log.first_seen == {"N1": NEWEST - 120, "N2": NEWEST - 60, "N3": EIGHT}
    check_time_order(log)


def test_only_a_readers_first_impression_in_time_has_a_history(tmp_path: Path) -> None:
    seen = seen_line("U1", "9:00:00 AM", "N1 N3", "N2-0") + seen_line(
        "U1", "8:00:00 AM", "N1", "N3-1"
    )
    log = mind.read([write_mind(tmp_path, behaviours=seen)])
    assert [len(impression.history) for impression in log.impressions] == [1, 0]


def test_of_several_folders_the_first_ones_articles_count(tmp_path: Path) -> None:
    first = write_mind(tmp_path / "first", news=NEWS.replace(news_line("N4"), ""))
    again = news_line("N1", category="sports") + news_line("N4")
    later = seen_line("U2", "7:00:00 AM", "", "N1-0 N4-1")
    log = mind.read([first, write_mind(tmp_path / "second", again, later)])
    assert [impression.user_id for impression in log.impressions] == ["U2", "U1"]
    assert log.articles["N1"].category == "news"
    assert log.articles["N4"].title == TITLES["N4"]


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (NEWS + "N9\tnews\n", r"news\.tsv:5: has 2 columns, a line of MIND has 8"),
        (NEWS + news_line("N9"), r"news\.tsv:5: expected an article id and a title, found an empt"),
        (NEWS.encode() + b"\xff\n", r"news\.tsv:5: the line is not UTF-8"),
        ("", r"news\.tsv is empty"),
    ],
)
def test_malformed_news_are_named_by_file_and_line(
    tmp_path: Path, news: str | bytes, said: str
) -> None:
    with pytest.raises(UnreadableLog, match=said):
        mind.read([write_mind(tmp_path, news=news)])


@pytest.mark.parametrize(
    ("behaviours", "said"),
    [
        (SEEN + "8\tU1\n", r"behaviors\.tsv:2: expected 5 tab-separated columns .*, found 2"),
        (SEEN.replace("8:00:00", "25:00"), r":1: expected a time such as 11/13/2019 8:36:57 AM"),
        (SEEN.replace("N2-0", "N2"), r":1: expected candidates such as N123-1 .* found 'N2'"),
        (SEEN.replace("N2-0", "N2-2"), r":1: expected candidates such as N123-1 .* found 'N2-2'"),
        (SEEN.replace("N2-0 N3-1", ""), r":1: expected at least one candidate, found none"),
        (SEEN.replace("N2-0", "N9-0"), r":1: expected articles that news\.tsv holds, .* N9"),
        (SEEN.replace("\tN1\t", "\tN8\t"), r":1: expected articles that news\.tsv holds, .* N8"),
        (SEEN.encode() + b"\xff\n", r"behaviors\.tsv:2: the line is not UTF-8"),
        ("", r"behaviors\.tsv is empty; expected lines of impression id, user id"),
    ],
)
def test_malformed_impressions_are_named_by_file_and_line(
    tmp_path: Path, behaviours: str | bytes, said: str
) -> None:
    with pytest.raises(UnreadableLog, match=said):
        mind.read([write_mind(tmp_path, behaviours=behaviours)])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (write_mind(tmp_path) / "behaviors.tsv").unlink()
    with pytest.raises(UnreadableLog, match=r"behaviors\.tsv cannot be read: No such file"):
        mind.read([tmp_path])
