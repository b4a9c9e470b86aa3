"""Training examples: whose click, against what, after which history."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.training.small_logs import impressions, log_of, news_of, seen
from training.data.impressions import Impression, ImpressionLog
from training.data.news import NewsId
from training.data.ragged import Ragged
from training.data.tokens import TokenTable
from training.encoding import KeptNews, KeptText
from training.examples import (
    Examples,
    ReaderCodes,
    batch_of,
    batches,
    of_histories,
    of_impressions,
    padded,
    together,
)

some_impressions = st.lists(impressions, min_size=1, max_size=6)
LABELLED = {"a": 1, "b": 0, "c": 0, "d": 1, "e": 0}


def drawn(
    log: ImpressionLog, negatives: int = 2, history_length: int = 50, seed: int = 1, epoch: int = 0
) -> Examples:
    rng = np.random.default_rng([seed, epoch])
    return of_impressions(log, ReaderCodes.of(log), negatives, history_length, rng)


def followed(log: ImpressionLog, count: int, negatives: int = 2, length: int = 50) -> Examples:
    rng = np.random.default_rng(3)
    return of_histories(log, ReaderCodes.of(log), count, negatives, length, rng)


def named(log: ImpressionLog, rows: object) -> list[str]:
    return [log.news.ids[row] for row in np.asarray(rows).tolist()]


def same(one: Examples, other: Examples) -> bool:
    return (
        np.array_equal(one.candidates_EC, other.candidates_EC)
        and np.array_equal(one.history.values, other.history.values)
        and np.array_equal(one.readers_E, other.readers_E)
    )


@given(some_impressions, st.integers(1, 4))
def test_every_click_beside_others_is_an_example_with_negatives_of_its_impression(
    some: list[Impression], negatives: int
) -> None:
    log = log_of(*some)
    examples, place = drawn(log, negatives), 0
    for impression in some:
        pairs = list(zip(impression.candidates, impression.labels, strict=True))
        clicked = [news_id for news_id, label in pairs if label]
        others = [news_id for news_id, label in pairs if not label]
        for news_id in clicked if others else []:
            first, *rest = named(log, examples.candidates_EC[place])
            assert first == news_id
            assert len(rest) == negatives
            assert set(rest) <= set(others)
            if len(others) >= negatives:  # as often as the impression showed them, at most
                assert all(rest.count(one) <= others.count(one) for one in rest)
            assert named(log, examples.history[place]) == list(impression.history)
            assert ReaderCodes.of(log).users[examples.readers_E[place] - 1] == impression.user_id
            place += 1
    assert place == len(examples) == len(examples.history) == len(examples.readers_E)


def test_negatives_are_distinct_when_there_are_enough() -> None:
    log = log_of(*(seen(LABELLED, hours=hour) for hour in range(50)))
    for row in drawn(log, negatives=3).candidates_EC:
        assert sorted(named(log, row[1:])) == ["b", "c", "e"]


def test_negatives_repeat_only_where_there_are_too_few() -> None:
    log = log_of(seen({"a": 1, "b": 0}), seen({"c": 1, "d": 0, "e": 0, "f": 0}))
    few, enough = drawn(log, negatives=3).candidates_EC
    assert named(log, few) == ["a", "b", "b", "b"]
    assert sorted(named(log, enough[1:])) == ["d", "e", "f"]


@pytest.mark.parametrize("others", [24, 25, 40])
def test_many_distinct_negatives_are_drawn_in_time(others: int) -> None:
    shown = {"clicked": 1} | {f"n{place}": 0 for place in range(others)}
    (row,) = drawn(log_of(seen(shown)), negatives=24).candidates_EC
    assert len(set(row.tolist())) == 25


def test_all_that_was_not_clicked_is_drawn_alike() -> None:
    log = log_of(*(seen(LABELLED | {"f": 0}, hours=hour) for hour in range(400)))
    negatives = named(log, drawn(log, negatives=2).candidates_EC[:, 1:].ravel())
    shares = [negatives.count(news_id) / len(negatives) for news_id in "bcef"]
    assert shares == pytest.approx([0.25] * 4, abs=0.04)


def test_an_impression_that_was_clicked_whole_or_not_at_all_is_passed_over() -> None:
    log = log_of(seen({"a": 1, "b": 1}), seen({"c": 0, "d": 0}, user="v"), seen({"e": 1, "f": 0}))
    (row,) = drawn(log).candidates_EC
    assert named(log, row) == ["e", "f", "f"]


def test_a_log_without_examples_gives_none() -> None:
    assert len(drawn(log_of(seen({"a": 1, "b": 1})))) == 0


def test_the_newest_clicks_are_kept_in_their_order() -> None:
    log = log_of(seen({"a": 1, "b": 0}, history="vwxyzx"))
    assert named(log, drawn(log, history_length=4).history[0]) == ["x", "y", "z", "x"]


def test_an_epoch_draws_the_same_again_and_the_next_one_something_else() -> None:
    log = log_of(*(seen(LABELLED, history="abc", hours=hour) for hour in range(20)))
    assert same(drawn(log, epoch=1), drawn(log, epoch=1))
    assert not same(drawn(log, epoch=1), drawn(log, epoch=2))
    assert not same(drawn(log, seed=1), drawn(log, seed=2))


def test_readers_have_codes_from_one_and_strangers_none() -> None:
    log = log_of(*(seen({"a": 1}, user=user) for user in ("zoe", "ann", "zoe")))
    readers = ReaderCodes.of(log)
    assert len(readers) == 2
    assert readers.codes(["ann", "zoe", "eve"]).tolist() == [1, 2, 0]


@given(some_impressions, st.integers(1, 30), st.integers(1, 4))
def test_a_next_click_follows_what_was_clicked_before_it(
    some: list[Impression], count: int, length: int
) -> None:
    log = log_of(*some)
    examples = followed(log, count, length=length)
    longest: dict[str, tuple[str, ...]] = {}
    for impression in some:
        if len(impression.history) > len(longest.get(impression.user_id, ())):
            longest[impression.user_id] = impression.history
    told = [history for history in longest.values() if len(history) > 1]
    several = len({news_id for history in told for news_id in history}) > 1
    assert len(examples) == (count if several else 0)
    for place in range(len(examples)):
        before = tuple(named(log, examples.history[place]))
        (clicked,) = named(log, examples.candidates_EC[place, :1])
        assert any(
            before == history[max(upto - length, 0) : upto] and clicked == history[upto]
            for history in told
            for upto in range(1, len(history))
        )
    assert not examples.readers_E.any()


def test_every_next_click_is_drawn_alike() -> None:
    log = log_of(seen({"a": 1}, history="abcd", user="u"), seen({"a": 1}, history="xy", user="v"))
    targets = named(log, followed(log, 2000).candidates_EC[:, 0])
    shares = [targets.count(news_id) / len(targets) for news_id in "bcdy"]
    assert shares == pytest.approx([0.25] * 4, abs=0.04)


def test_the_negatives_of_next_clicks_are_as_popular_as_in_the_histories() -> None:
    log = log_of(seen({"z": 1}, history="aaab", user="u"), seen({"z": 1}, history="xy", user="v"))
    candidates_EC = followed(log, 3000).candidates_EC
    (y,) = log.news.rows([NewsId("y")])
    negatives = named(log, candidates_EC[candidates_EC[:, 0] == y, 1:].ravel())
    assert set(negatives) == {"a", "b", "x"}
    assert negatives.count("a") / len(negatives) == pytest.approx(0.6, abs=0.05)


def test_what_was_clicked_next_is_never_its_own_negative() -> None:
    log = log_of(seen({"z": 1}, history="aaab"))
    candidates_EC = followed(log, 300).candidates_EC
    assert not (candidates_EC[:, 1:] == candidates_EC[:, :1]).any()


def test_no_next_clicks_are_drawn_where_none_are_wanted() -> None:
    assert followed(log_of(seen({"a": 1}, history="ab")), 0).candidates_EC.shape == (0, 3)


@given(some_impressions, some_impressions)
def test_examples_are_put_one_after_the_other(
    first: list[Impression], second: list[Impression]
) -> None:
    news = news_of(*first, *second)
    one, other = (drawn(ImpressionLog.of(news, some)) for some in (first, second))
    both = together(one, other)
    assert len(both) == len(one) + len(other)
    assert same(both.take(np.arange(len(one))), one)
    assert same(both.take(np.arange(len(one), len(both))), other)


@given(some_impressions, st.integers(1, 5), st.integers(0, 9))
def test_the_batches_of_an_epoch_hold_every_example_once(
    some: list[Impression], size: int, seed: int
) -> None:
    examples = drawn(log_of(*some))
    parts = list(batches(examples, size, np.random.default_rng(seed)))
    assert all(len(part) == size for part in parts[:-1])
    rows = [row for part in parts for row in part.candidates_EC.tolist()]
    assert sorted(rows) == sorted(examples.candidates_EC.tolist())


@given(st.lists(st.lists(st.integers(1, 9), max_size=5), min_size=1, max_size=6))
def test_padded_rows_hold_the_lists_and_nothing_behind_them(lists: list[list[int]]) -> None:
    ragged = Ragged.of(lists)
    rows_BH, mask_BH = padded(ragged.values, ragged.lengths)
    assert rows_BH.shape == mask_BH.shape == (len(lists), max(1, *map(len, lists), 0))
    for row, mask, one in zip(rows_BH.tolist(), mask_BH.tolist(), lists, strict=True):
        behind = len(row) - len(one)
        assert row == one + [0] * behind
        assert mask == [1] * len(one) + [0] * behind


@given(some_impressions)
def test_the_places_of_a_batch_lead_back_to_the_rows(some: list[Impression]) -> None:
    log = log_of(*some)
    examples, count = drawn(log), len(log.news)
    if not len(examples):
        return
    rows_N1 = np.arange(count, dtype=np.int32)[:, np.newaxis]  # each title is its row's number
    title = KeptText(TokenTable(rows_N1, np.ones(count, np.int64)))
    batch = batch_of(examples, KeptNews({"title": title}, {"category_id": np.arange(count)}))
    rows_U = batch.news.codes["category_id"]
    assert rows_U.tolist() == sorted(set(rows_U.tolist()))
    (bucket,) = batch.news.buckets["title"]
    assert torch.equal(rows_U[bucket.places_B], bucket.kept[:, 0])
    assert rows_U[batch.candidates_BC].tolist() == examples.candidates_EC.tolist()
    for place in range(len(examples)):
        clicks = rows_U[batch.history_BH[place, batch.mask_BH[place] == 1]]
        assert clicks.tolist() == examples.history[place].tolist()
    assert batch.readers_B.tolist() == examples.readers_E.tolist()
