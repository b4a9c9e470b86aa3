"""Flat lists against plain ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.data.ragged import Ragged

Lists = list[list[int]]
lists_strategy = st.lists(st.lists(st.integers(-9, 9), max_size=5), max_size=8)


def plain(ragged: Ragged) -> Lists:
    return [ragged[position].tolist() for position in range(len(ragged))]


@given(lists_strategy)
def test_the_lists_come_back(lists: Lists) -> None:
    ragged = Ragged.of(lists)
    assert plain(ragged) == lists
    assert ragged.lengths.tolist() == [len(one) for one in lists]
    assert ragged.values.dtype == ragged.starts.dtype == np.int64


@given(lists_strategy, st.data())
def test_some_lists_are_taken_in_the_order_given_and_more_than_once(
    lists: Lists, data: st.DataObject
) -> None:
    anywhere = st.lists(st.integers(0, len(lists) - 1)) if lists else st.just([])
    positions = data.draw(anywhere)
    taken = Ragged.of(lists).take(np.array(positions, np.int64))
    assert plain(taken) == [lists[position] for position in positions]


@given(lists_strategy, st.data())
def test_places_lead_to_whatever_lies_parallel_to_the_values(
    lists: Lists, data: st.DataObject
) -> None:
    positions = data.draw(st.permutations(range(len(lists))))
    ragged = Ragged.of(lists)
    parallel = np.arange(len(ragged.values)) * 10
    found = parallel[ragged.places(np.array(positions, np.int64))].tolist()
    own = Ragged(parallel, ragged.starts)
    assert found == [value for position in positions for value in own[position].tolist()]


@given(lists_strategy, st.integers(0, 6))
def test_of_each_list_the_last_are_kept(lists: Lists, most: int) -> None:
    last = Ragged.of(lists).last(most)
    assert plain(last) == [one[max(len(one) - most, 0) :] for one in lists]


@given(lists_strategy, st.integers(0, 3))
def test_sorted_groups_are_lists_and_the_rest_are_empty(lists: Lists, more: int) -> None:
    flat = Ragged.of(lists)
    groups = np.repeat(np.arange(len(lists)), flat.lengths)
    grouped = Ragged.of_groups(flat.values, groups, len(lists) + more)
    assert plain(grouped) == lists + [[]] * more
