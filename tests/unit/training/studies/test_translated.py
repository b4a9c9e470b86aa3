"""One log told in several languages, by hand."""

from pathlib import Path

import pytest

from tests.unit.training.real_data import sample
from tests.unit.training.small_logs import log_of, seen
from training.data.impressions import ImpressionLog
from training.data.logs import read_logs
from training.data.translated import (
    Tellings,
    comparable,
    in_translation,
    joined,
    over,
    read_in_translation,
    told,
)

TITLES = {name: f"Title {name}" for name in "abcdeh"}


@pytest.fixture
def log() -> ImpressionLog:
    """Of the six news ``c`` has no translation, and ``h`` none into French."""
    return log_of(
        seen({"a": 1, "b": 0, "c": 0}, history=["a", "c", "b", "d", "h"], user="u1"),
        seen({"c": 1, "a": 0, "b": 0}, history=[], user="u2", hours=1),
        seen({"e": 0, "c": 1, "d": 1}, history=["b"], user="u3", hours=2),
        title=TITLES,
    )


def tellings_of(log: ImpressionLog, folder: Path, **news: str) -> Tellings:
    files = {}
    for language, names in news.items():
        lines = [f"{name}\t{name} in {language}\t" for name in names]
        path = folder / f"{language}.tsv"
        path.write_text("\n".join(["nid\ttitle\tabstract", *lines]) + "\n")
        files[language] = [path]
    return told(log.news, files)


@pytest.fixture
def tellings(log: ImpressionLog, tmp_path: Path) -> Tellings:
    return tellings_of(log, tmp_path, zh="hedba", fr="abde")


def titles(log: ImpressionLog, lists: str = "history") -> list[list[str]]:
    """What a reader sees of each impression's history, or of its candidates."""
    all_titles = log.news.column("title")
    rows = getattr(log, lists)
    return [[all_titles[row] for row in rows[place]] for place in range(len(rows))]


def test_translations_stand_behind_the_news_which_keep_their_numbers(
    log: ImpressionLog, tellings: Tellings
) -> None:
    ids = tellings.news.ids
    assert ids[:6] == log.news.ids
    assert set(ids[6:11]) == {f"{name}@zh" for name in "abdeh"}
    assert set(ids[11:]) == {f"{name}@fr" for name in "abde"}
    for language, rows_N in tellings.rows.items():
        for row, name in enumerate("abcdeh"):
            there = bool(tellings.has(language)[row])
            assert there == (name != "c" and (name, language) != ("h", "fr"))
            expected = f"{name} in {language}" if there else f"Title {name}"
            assert tellings.news.column("title")[rows_N[row]] == expected
    languages = tellings.news.column("language")
    assert languages[6:] == ["zh"] * 5 + ["fr"] * 4


def test_of_several_files_of_a_language_the_last_one_counts(
    log: ImpressionLog, tmp_path: Path
) -> None:
    files = [tmp_path / "first.tsv", tmp_path / "second.tsv"]
    for file, rows in zip(files, ("a\tone\t\nb\ttwo\t\n", "b\tthree\t\n"), strict=True):
        file.write_text(f"nid\ttitle\tabstract\n{rows}")
    tellings = told(log.news, {"zh": files})
    assert tellings.news.column("title")[6:] == ["one", "three"]


def test_candidates_without_a_translation_are_left_out_with_what_then_has_one_class(
    log: ImpressionLog, tellings: Tellings
) -> None:
    found = comparable(over(log, tellings.news), tellings)
    assert found.ids == [log.ids[0], log.ids[2]]  # of the second the click is gone
    assert titles(found, "candidates") == [["Title a", "Title b"], ["Title e", "Title d"]]
    assert found.labels.tolist() == [1, 0, 0, 1]
    assert titles(found)[0] == [f"Title {name}" for name in "acbdh"]  # histories stay whole


def test_candidates_must_be_there_in_every_language(log: ImpressionLog, tmp_path: Path) -> None:
    tellings = tellings_of(log, tmp_path, zh="abcde", fr="bcde")
    found = comparable(over(log, tellings.news), tellings)
    assert titles(found, "candidates") == [
        ["Title c", "Title b"],
        ["Title e", "Title c", "Title d"],
    ]


def test_candidates_are_told_and_histories_are_as_they_were_read(
    log: ImpressionLog, tellings: Tellings
) -> None:
    shown = in_translation(comparable(over(log, tellings.news), tellings), tellings.rows["zh"])
    assert titles(shown, "candidates")[0] == ["a in zh", "b in zh"]
    assert titles(shown)[0] == [f"Title {name}" for name in "acbdh"]


def test_half_a_history_is_every_second_click_from_the_newest(
    log: ImpressionLog, tellings: Tellings
) -> None:
    half = read_in_translation(over(log, tellings.news), tellings.rows["zh"], every=2)
    assert titles(half) == [
        ["a in zh", "Title c", "b in zh", "Title d", "h in zh"],
        [],
        ["b in zh"],
    ]
    assert titles(half, "candidates") == titles(log, "candidates")


def test_cutting_a_half_told_history_keeps_the_newest_clicks_and_their_languages(
    log: ImpressionLog, tellings: Tellings
) -> None:
    half = read_in_translation(over(log, tellings.news), tellings.rows["zh"], every=2)
    newest = half.history.last(3)[0]
    assert [half.news.column("title")[row] for row in newest] == ["b in zh", "Title d", "h in zh"]


def test_a_click_without_a_translation_stays_as_it_was_read(
    log: ImpressionLog, tellings: Tellings
) -> None:
    whole = read_in_translation(over(log, tellings.news), tellings.rows["fr"])
    assert titles(whole)[0] == ["a in fr", "Title c", "b in fr", "d in fr", "Title h"]


def test_logs_are_joined_one_after_the_other(log: ImpressionLog, tellings: Tellings) -> None:
    source = over(log, tellings.news)
    shown = in_translation(source, tellings.rows["zh"])
    both = joined([source, shown])
    assert len(both) == 6
    assert titles(both, "candidates") == titles(source, "candidates") + titles(shown, "candidates")
    assert titles(both) == titles(source) * 2
    assert (both.users, both.labels.tolist()) == (log.users * 2, log.labels.tolist() * 2)
    assert both.times.tolist() == log.times.tolist() * 2


@pytest.mark.slow
def test_of_the_real_days_about_half_can_be_told_in_chinese() -> None:
    folder, (path,) = sample("mind-sample"), sample("xmind-sample/cmn").iterdir()
    _, test = read_logs([folder / "train", folder / "dev"])
    tellings = told(test.news, {"zh": [path]})
    found = comparable(over(test, tellings.news), tellings)
    assert (len(test), len(found)) == (995, 479)
    assert tellings.has("zh")[found.candidates.values].all()
