"""Who is in which group, what the groups are called, and what is said of them."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.training.small_logs import impressions, labelled, log_of, seen
from training.data.impressions import Impression
from training.evaluation.groups import (
    GROUPINGS,
    Groups,
    by_category,
    by_day,
    by_language,
    group_table,
    quintiles,
)
from training.evaluation.report import evaluate_scores

SHOWN = {"a": 0, "b": 1}


def listed(groups: Groups) -> dict[str, list[int]]:
    return {name: positions.tolist() for name, positions in groups.items()}


def of_readers(**clicks: int) -> list[Impression]:
    return [seen(SHOWN, user=name, history=["h"] * count) for name, count in clicks.items()]


def test_readers_are_split_into_fifths_from_the_coldest() -> None:
    counts = {"j": 9, "i": 8, "h": 7, "g": 6, "f": 5, "e": 4, "d": 3, "c": 2, "b": 1, "a": 0}
    groups = quintiles(log_of(*of_readers(**counts)))
    assert listed(groups) == {
        "1 (coldest, mean 0.5 clicks)": [8, 9],
        "2 (mean 2.5 clicks)": [6, 7],
        "3 (mean 4.5 clicks)": [4, 5],
        "4 (mean 6.5 clicks)": [2, 3],
        "5 (warmest, mean 8.5 clicks)": [0, 1],
    }


def test_equally_long_histories_are_ordered_by_user_id() -> None:
    groups = quintiles(log_of(*of_readers(e=1, d=1, c=1, b=1, a=1)))
    assert [positions.tolist() for positions in groups.values()] == [[4], [3], [2], [1], [0]]


def test_a_reader_is_in_one_group_by_the_longest_history() -> None:
    again = seen(SHOWN, user="a", history=["h"] * 9, hours=1)
    groups = quintiles(log_of(*of_readers(a=0, b=1, c=2, d=3, e=4), again))
    assert listed(groups)["5 (warmest, mean 9.0 clicks)"] == [0, 5]
    assert listed(groups)["1 (coldest, mean 1.0 clicks)"] == [1]


def test_with_few_readers_some_groups_are_not_there() -> None:
    assert [name[0] for name in quintiles(log_of(*of_readers(a=0, b=1)))] == ["1", "2"]


def test_days_stand_in_the_order_of_time() -> None:
    log = log_of(*(seen(SHOWN, hours=hours) for hours in (50, 0, 23.9, 24)))
    assert listed(by_day(log)) == {"2019-11-13": [1, 2], "2019-11-14": [3], "2019-11-15": [0]}


def test_the_first_clicked_candidate_says_language_and_category() -> None:
    log = log_of(
        seen({"a": 0, "b": 1, "c": 1}),
        seen({"c": 1, "a": 1}),
        seen({"d": 1, "a": 0}),
        seen({"b": 1}),
        seen({"a": 0, "c": 0}),
        category={"a": "sports", "b": "news", "c": "finance"},
        language={"b": "en", "c": "en", "d": "da"},
    )
    assert listed(by_category(log)) == {"news": [0, 3], "finance": [1], "not stated": [2]}
    assert listed(by_language(log)) == {"en": [0, 1, 3], "da": [2]}


def test_a_group_has_the_means_of_its_evaluated_impressions() -> None:
    log = log_of(labelled((1, 0)), labelled((1, 1)), labelled((0, 1)), labelled((1, 0)))
    report = evaluate_scores(log, [2, 1, 2, 1, 2, 1, 2, 1])
    groups = {"first": np.array([0, 1]), "none": np.array([1]), "rest": np.array([2, 3])}
    table = group_table(report, groups)
    assert list(table) == ["first", "rest"]
    assert (table["first"]["auc"].mean, table["first"]["auc"].count) == (1.0, 1)
    assert (table["rest"]["auc"].mean, table["rest"]["auc"].count) == (0.5, 2)
    assert list(table["rest"]) == list(report.values)


@pytest.mark.parametrize("grouping", GROUPINGS)
@given(st.lists(impressions, min_size=1, max_size=12))
def test_an_impression_is_in_one_group_at_most(grouping: str, of_log: list[Impression]) -> None:
    groups = GROUPINGS[grouping](log_of(*of_log))
    members = [position for positions in groups.values() for position in positions.tolist()]
    clicked = [place for place, one in enumerate(of_log) if any(one.labels)]
    whole = grouping in ("history", "day")
    assert sorted(members) == (list(range(len(of_log))) if whole else clicked)
    assert all((np.diff(positions) > 0).all() for positions in groups.values())


@given(st.dictionaries(st.text("abcdefg", min_size=1), st.integers(0, 9), min_size=5))
def test_fifths_differ_by_one_reader_at_most(clicks: dict[str, int]) -> None:
    groups = quintiles(log_of(*of_readers(**clicks)))
    sizes = [len(positions) for positions in groups.values()]
    means = [float(re.search(r"mean ([\d.]+)", name)[1]) for name in groups]  # type: ignore[index]
    assert len(sizes) == 5
    assert max(sizes) - min(sizes) <= 1
    assert means == sorted(means)
