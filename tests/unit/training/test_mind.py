"""MIND's files: read as they are, refused or left out by file and line where they are broken."""

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.data import MIND
from training.data import mind
from training.data.impressions import Impression
from training.data.news import NewsId, NewsTable
from training.data.problems import Problems
from training.errors import UnreadableData

NEWS = "N1\tsports\tgolf\tA “title” with 'quotes' and \"more\"\tAn abstract\thttps://n/1\t[]\t[]\n"
SEEN = "7\tU1\t11/13/2019 8:36:57 AM\tN1 N2 N1\tN2-0 N1-1\n"
KNOWN = NewsTable.of(pl.DataFrame({"news_id": ["N1", "N2", "N3"]}))

BAD_NEWS = [
    (NEWS + "N2\tsports\n", r"news\.tsv:2: expected 8 tab-separated columns .* found 2"),
    (NEWS + "\n", r"news\.tsv:2: expected 8 tab-separated columns .* found 1"),
    (NEWS + NEWS, r"news\.tsv:2: expected each news id once, found N1 again"),
    (NEWS + "\ta\tb\tc\td\te\tf\tg\n", r"news\.tsv:2: expected a news id and a title"),
    (NEWS + "N2\ta\tb\t\td\te\tf\tg\n", r"news\.tsv:2: expected a news id and a title"),
]
BAD_SEEN = [
    ("8\tU1\n", r":2: expected 5 tab-separated columns .* found 2"),
    ("\n", r":2: expected 5 tab-separated columns .* found 1"),
    (SEEN.replace("8:36:57 AM", "25:00"), r":2: expected a time such as 11/13/2019 8:3"),
    (SEEN.replace("11/13", "13/11"), r":2: expected a time .* found '13/11/2019 8:36:57 AM'"),
    (SEEN.replace("N2-0", "N2"), r":2: expected candidates such as N123-1 .* found 'N2'"),
    (SEEN.replace("N2-0", "N2-2"), r":2: expected candidates such as N123-1 .* found 'N2-2'"),
    (SEEN.replace("N2-0", "-1"), r":2: expected candidates such as N123-1 .* found '-1'"),
    (SEEN.replace("N2-0 N1-1", ""), r":2: expected at least one candidate, found none"),
    (SEEN.replace("N2-0", "N9-0"), r":2: expected candidates that .* hold, found unknown N9"),
    (SEEN.replace("N2 N1", "N8 N1"), r":2: expected history that .* hold, found unknown N8"),
]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_news_line_is_read_as_it_stands(tmp_path: Path) -> None:
    news = mind.read_news(write(tmp_path, "news.tsv", NEWS))
    assert news.frame.row(0, named=True) == {
        "news_id": "N1",
        "title": "A “title” with 'quotes' and \"more\"",
        "abstract": "An abstract",
        "body": "",
        "category": "sports",
        "subcategory": "golf",
        "language": "",
        "sentiment": "",
        "entities": "",
    }
    assert len(news) == 1


def test_the_types_of_a_titles_entities_are_read_each_once(tmp_path: Path) -> None:
    entities = [
        {"Label": 'The "Type": "X" Company', "Type": kind, "Confidence": 1.0}
        for kind in ("P", "G", "P")
    ]
    cells = "[]\t" + json.dumps([{"Type": "O"}])  # of the abstract
    named = NEWS.replace("N1", "N2").replace("[]\t[]", cells.replace("[]", json.dumps(entities)))
    broken = NEWS.replace("N1", "N3").replace("[]\t[]", '[{"Type": "P\t')
    news = mind.read_news(write(tmp_path, "news.tsv", NEWS + named + broken))
    assert news.column("entities") == ["", "G P", ""]


def test_quotes_and_foreign_line_ends_do_not_end_a_title(tmp_path: Path) -> None:
    title = '"Unclosed, with \x85 and \u2028 and \x0b inside'
    path = write(tmp_path, "news.tsv", NEWS.replace("A “title”", title) + NEWS.replace("N1", "N2"))
    news = mind.read_news(path)
    assert news.ids == ["N1", "N2"]
    assert title in news.column("title")[0]


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_a_byte_order_mark_is_no_part_of_an_id(tmp_path: Path, mark: str) -> None:
    assert mind.read_news(write(tmp_path, "news.tsv", mark + NEWS)).ids == ["N1"]


def test_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, "behaviors.tsv", SEEN.replace("\n", "\r\n"))
    (impression,) = mind.read_impressions(path, KNOWN)
    assert impression.candidates == ("N2", "N1")


def test_an_impression_keeps_repeats_and_order(tmp_path: Path) -> None:
    (impression,) = mind.read_impressions(write(tmp_path, "behaviors.tsv", SEEN), KNOWN)
    assert impression.time == datetime(2019, 11, 13, 8, 36, 57)
    assert impression.history == ("N1", "N2", "N1")
    assert impression.candidates == ("N2", "N1")
    assert impression.labels == (0, 1)


def test_an_empty_history_is_no_error(tmp_path: Path) -> None:
    path = write(tmp_path, "behaviors.tsv", SEEN + SEEN.replace("N1 N2 N1", ""))
    first, second = mind.read_impressions(path, KNOWN)
    assert first.history == ("N1", "N2", "N1")
    assert second.history == ()


def test_of_several_news_files_the_first_one_counts(tmp_path: Path) -> None:
    first = write(tmp_path, "first.tsv", NEWS)
    second = write(
        tmp_path, "second.tsv", NEWS.replace("sports", "autos") + NEWS.replace("N1", "N2")
    )
    news = mind.read_all_news([first, second])
    assert news.ids == ["N1", "N2"]
    assert news.column("category") == ["sports", "sports"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        *BAD_NEWS,
        (NEWS.encode() + b"\xff" + NEWS.encode(), r"news\.tsv:2: expected UTF-8 text"),
        ("", r"news\.tsv is empty; expected lines of news id, category"),
    ],
)
def test_malformed_news_are_named_by_file_and_line(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    with pytest.raises(UnreadableData, match=said):
        mind.read_news(write(tmp_path, "news.tsv", content))


@pytest.mark.parametrize("content", [content for content, _ in BAD_NEWS])
def test_malformed_news_are_left_out_where_they_may_be(tmp_path: Path, content: str) -> None:
    problems = Problems(skip=True)
    path = write(tmp_path, "news.tsv", content + NEWS.replace("N1", "N3"))
    assert mind.read_news(path, problems).ids == ["N1", "N3"]
    assert problems.skipped == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        *((SEEN + bad, r"behaviors\.tsv" + said) for bad, said in BAD_SEEN),
        ("", r"behaviors\.tsv is empty; expected lines of impression id"),
    ],
)
def test_malformed_impressions_are_named_by_file_and_line(
    tmp_path: Path, content: str, said: str
) -> None:
    path = write(tmp_path, "behaviors.tsv", content)
    with pytest.raises(UnreadableData, match=said):
        mind.read_impressions(path, KNOWN)


def test_every_kind_of_malformed_impression_is_counted_by_what_was_expected(
    tmp_path: Path,
) -> None:
    problems = Problems(skip=True)
    path = write(tmp_path, "behaviors.tsv", SEEN + "".join(bad for bad, _ in BAD_SEEN))
    (impression,) = mind.read_impressions(path, KNOWN, problems)
    assert impression.labels == (0, 1)
    assert problems.skipped == len(BAD_SEEN)
    assert sorted(problems.counts.values()) == [1, 1, 1, 2, 2, 3]
    assert problems.counts[f"{path}: expected candidates such as N123-1 or N123-0"] == 3


def test_a_log_of_nothing_but_bad_lines_is_read_as_empty(tmp_path: Path) -> None:
    problems = Problems(skip=True)
    path = write(tmp_path, "behaviors.tsv", "".join(bad for bad, _ in BAD_SEEN))
    assert list(mind.read_impressions(path, KNOWN, problems)) == []
    assert problems.skipped == len(BAD_SEEN)


ids = st.sampled_from([NewsId(news_id) for news_id in KNOWN.ids])
labelled = st.lists(st.tuples(ids, st.integers(0, 1)), min_size=1, max_size=4)
good = st.builds(
    lambda number, history, shown: Impression(
        f"{number}",
        f"U{number}",
        datetime(2019, 11, 13, number, 36, 57),
        tuple(history),
        tuple(news_id for news_id, _ in shown),
        tuple(label for _, label in shown),
    ),
    st.integers(0, 23),
    st.lists(ids, max_size=4),
    labelled,
)
entries = st.lists(good | st.sampled_from([bad for bad, _ in BAD_SEEN]), min_size=1, max_size=12)


def line_of(impression: Impression) -> str:
    shown = zip(impression.candidates, impression.labels, strict=True)
    cells = (
        impression.impression_id,
        impression.user_id,
        impression.time.strftime(mind.TIME_FORMAT),
        " ".join(impression.history),
        " ".join(f"{news_id}-{label}" for news_id, label in shown),
    )
    return "\t".join(cells) + "\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries)
def test_among_bad_lines_exactly_the_good_ones_are_read(
    tmp_path: Path, entries: list[Impression | str]
) -> None:
    lines = [entry if isinstance(entry, str) else line_of(entry) for entry in entries]
    path = write(tmp_path, "behaviors.tsv", "".join(lines))
    problems = Problems(skip=True)
    wanted = [entry for entry in entries if isinstance(entry, Impression)]
    assert list(mind.read_impressions(path, KNOWN, problems)) == wanted
    assert problems.skipped == len(entries) - len(wanted)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match=r"news\.tsv cannot be read: No such file"):
        mind.read_news(tmp_path / "news.tsv")


@pytest.mark.skipif(
    not MIND.is_dir(), reason=f"the real log is not here: {MIND} (set NEWSSTAND_DATA)"
)
def test_the_real_sample_is_read_to_the_last_line() -> None:
    news = mind.read_all_news([MIND / "train" / mind.NEWS, MIND / "dev" / mind.NEWS])
    train, dev = (
        mind.read_impressions(MIND / split / mind.BEHAVIOURS, news) for split in ("train", "dev")
    )
    assert len(news) == 51_304
    assert (len(train), len(dev)) == (3_120, 995)
    assert len(train.labels) == len(train.candidates.values)
    assert all(1 in impression.labels for impression in train)
