"""The greedy choice of a page: what holds whatever the rules, and hand-computed cases."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.domain.policy import Duplicates
from service.pipeline.reranking.calibration import Calibration
from service.pipeline.reranking.caps import Cap
from service.pipeline.reranking.select import Rules, Shown, select
from service.pipeline.reranking.stories import same_story
from tests.unit.pipeline.candidates_drawn import cases, drawn, entry

STORIES = Duplicates(similarity=0.7, overlap=0.3, certain=0.99)
rules_drawn = st.builds(
    dict,
    diversity=st.sampled_from([0.0, 0.2, 1.0]),
    duplicates=st.sampled_from([None, STORIES]),
    cap=st.sampled_from([None, 0.1, 0.5]),
    calibration=st.sampled_from([0.0, 0.5]),
)


def made(parts: dict, count: int, limit: int, seed: int) -> Rules:
    codes = np.random.default_rng(seed + 1).integers(-1, 3, count).astype(np.int32)
    own = np.array([0.5, 0.3, 0.2, 0.0])
    return Rules(
        diversity=parts["diversity"],
        duplicates=parts["duplicates"],
        caps=[Cap.of(codes, parts["cap"], limit)] if parts["cap"] else [],
        calibration=Calibration(codes, own) if parts["calibration"] else None,
        calibration_weight=parts["calibration"],
    )


@given(case=cases, parts=rules_drawn)
def test_as_many_as_asked_and_none_twice(case: tuple[int, int, int], parts: dict) -> None:
    count, limit, seed = case
    scores, vectors, entries = drawn(count, seed)
    choice = select(scores, vectors, entries, limit, made(parts, count, limit, seed))
    assert len(choice.positions) == len(set(choice.positions)) == min(count, limit)
    assert set(choice.positions) <= set(range(count))


@given(case=cases, parts=rules_drawn)
def test_a_longer_page_begins_like_a_shorter_one(case: tuple[int, int, int], parts: dict) -> None:
    count, limit, seed = case
    scores, vectors, entries = drawn(count, seed)
    short = select(scores, vectors, entries, limit, made(parts, count, 20, seed))
    long = select(scores, vectors, entries, 2 * limit, made(parts, count, 20, seed))
    assert long.positions[: len(short.positions)] == short.positions


@given(case=cases)
def test_without_rules_the_order_is_that_of_the_scores_and_ties_stay(
    case: tuple[int, int, int],
) -> None:
    count, limit, seed = case
    scores, vectors, entries = drawn(count, seed)
    chosen = select(scores, vectors, entries, limit, Rules()).positions
    assert chosen == sorted(range(count), key=lambda i: (-scores[i], i))[:limit]


@given(case=cases)
def test_diversity_zero_is_the_order_of_the_scores_also_where_stories_collapse(
    case: tuple[int, int, int],
) -> None:
    count, limit, seed = case
    scores, vectors, entries = drawn(count, seed)
    choice = select(scores, vectors, entries, limit, Rules(duplicates=STORIES))
    if not choice.relaxed:
        assert choice.positions == sorted(choice.positions, key=lambda i: (-scores[i], i))


@given(case=cases)
def test_no_story_twice_unless_nothing_else_is_left(case: tuple[int, int, int]) -> None:
    count, limit, seed = case
    scores, vectors, entries = drawn(count, seed)
    choice = select(scores, vectors, entries, limit, Rules(diversity=0.2, duplicates=STORIES))
    if choice.relaxed:
        return
    for place, position in enumerate(choice.positions):
        for other in choice.positions[:place]:
            cosine = float(vectors[other] @ vectors[position])
            rounded = cosine - 1e-5  # the choice computes in single precision
            assert not same_story(entries[other], entries[position], rounded, STORIES)


@given(case=cases, share=st.sampled_from([0.1, 0.3, 0.5]))
def test_no_value_takes_more_than_its_share_unless_nothing_else_is_left(
    case: tuple[int, int, int], share: float
) -> None:
    count, limit, seed = case
    scores, vectors, entries = drawn(count, seed)
    codes = np.random.default_rng(seed).integers(-1, 4, count).astype(np.int32)
    cap = Cap.of(codes, share, limit)
    choice = select(scores, vectors, entries, limit, Rules(caps=[cap]))
    taken = Counter(codes[choice.positions].tolist())
    taken.pop(-1, None)
    if not choice.relaxed:
        assert all(number <= cap.most for number in taken.values())
    else:
        unused = set(range(count)) - set(choice.positions)
        assert all(codes[i] != -1 and taken[int(codes[i])] >= cap.most for i in unused)


def test_a_hand_computed_case_of_diversity() -> None:
    vectors = np.array([[1.0, 0], [1, 0], [0, 1]])
    scores, entries = np.array([1.0, 0.9, 0.0]), [entry(n) for n in range(3)]

    def at(diversity: float) -> list[int]:
        return select(scores, vectors, entries, 3, Rules(diversity=diversity)).positions

    assert at(0.0) == [0, 1, 2]
    # Second place at d = 0.6: 0.4·0.9 − 0.6·1 = −0.24 against 0.4·0 − 0.6·0 = 0.
    assert at(0.6) == [0, 2, 1]
    # At d = 0.2: 0.8·0.9 − 0.2·1 = 0.52 against 0.
    assert at(0.2) == [0, 1, 2]


def test_what_was_shown_before_counts_for_diversity_and_stories() -> None:
    vectors = np.array([[1.0, 0], [0, 1]])
    entries = [entry(0, "Storm closes harbour"), entry(1, "Cup final")]
    shown = Shown([entry(9, "Storm closes the harbour")], np.array([[1.0, 0]]))
    scores = np.array([1.0, 0.5])
    told = select(scores, vectors, entries, 1, Rules(duplicates=STORIES), shown)
    spread = select(scores, vectors, entries, 1, Rules(diversity=0.5), shown)
    assert told.positions == spread.positions == [1]


def test_another_version_of_a_story_comes_only_when_nothing_else_is_left() -> None:
    vectors = np.array([[1.0, 0], [1, 0], [0, 1]])
    entries = [entry(0, "Storm closes harbour"), entry(1, "Storm closes harbour now"), entry(2)]
    scores = np.array([1.0, 0.9, 0.1])
    rules = Rules(duplicates=STORIES)
    assert select(scores, vectors, entries, 2, rules).positions == [0, 2]
    everything = select(scores, vectors, entries, 3, rules)
    assert everything.positions == [0, 2, 1]
    assert everything.relaxed


def test_calibration_brings_the_readers_mix() -> None:
    codes = np.array([0] * 10 + [1] * 10, np.int32)
    scores = np.concatenate([np.linspace(1.0, 0.9, 10), np.linspace(0.8, 0.7, 10)])
    entries, vectors = [entry(n) for n in range(20)], np.zeros((20, 2))
    own = np.array([0.7, 0.3, 0.0])

    def mix(weight: float) -> float:
        calibration = Calibration(codes, own)
        rules = Rules(calibration=calibration, calibration_weight=weight)
        chosen = select(scores, vectors, entries, 10, rules).positions
        return float((codes[chosen] == 0).mean())

    assert mix(0.0) == 1.0
    assert mix(0.2) < 1.0
    assert mix(100.0) == 0.7


def test_calibrations_divergence_is_zero_where_the_mix_is_the_readers_own() -> None:
    own = np.array([0.5, 0.5, 0.0])
    calibration = Calibration(np.array([0, 1, 2], np.int32), own)
    calibration.count(0)
    one_sided = calibration.divergence()
    calibration.count(1)
    assert calibration.divergence() < 1e-12 < one_sided


def test_what_is_placed_already_counts_for_caps_and_the_mix() -> None:
    codes = np.array([0, 0, 1, 1], np.int32)
    placed = np.array([0, 0], np.int32)
    scores, entries, vectors = np.array([4.0, 3, 2, 1]), [entry(n) for n in range(4)], np.eye(4)
    cap = Cap.of(codes, 0.5, 4, placed)
    assert select(scores, vectors, entries, 2, Rules(caps=[cap])).positions == [2, 3]
    calibration = Calibration(codes, np.array([0.5, 0.5, 0.0]), placed)
    rules = Rules(calibration=calibration, calibration_weight=100.0)
    assert select(scores, vectors, entries, 2, rules).positions == [2, 3]


def test_shares_are_whole_where_they_are_meant_to_be() -> None:
    assert Cap.of(np.zeros(1, np.int32), 0.07, 100).most == 7
    assert Cap.of(np.zeros(1, np.int32), 0.05, 10).most == 1
