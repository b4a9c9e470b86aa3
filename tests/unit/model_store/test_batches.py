"""Padding, and how texts of unlike lengths become batches."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model_store.news_encoder import BATCH_TEXTS, BATCH_TOKENS, batches, pad


@dataclass(frozen=True)
class Tokens:
    """What ``pad`` needs of an encoding."""

    ids: list[int]


@given(st.lists(st.lists(st.integers(1, 250_000), max_size=12), min_size=1, max_size=9))
def test_padding_hides_behind_the_mask_and_nothing_else_does(texts: list[list[int]]) -> None:
    input_ids_BT, attention_mask_BT = pad([Tokens(ids) for ids in texts])
    assert input_ids_BT.shape == attention_mask_BT.shape == (len(texts), max(map(len, texts)))
    assert input_ids_BT.dtype == attention_mask_BT.dtype == np.int64
    for row, ids in enumerate(texts):
        assert input_ids_BT[row][attention_mask_BT[row] == 1].tolist() == ids
        assert attention_mask_BT[row].tolist() == sorted(attention_mask_BT[row], reverse=True)
        assert not input_ids_BT[row][attention_mask_BT[row] == 0].any()


def test_no_texts_are_no_batches() -> None:
    assert list(batches([])) == []


def test_a_text_without_tokens_is_in_a_batch_too() -> None:
    assert list(batches([0, 0])) == [[0, 1]]


def test_a_batch_is_as_full_as_it_may_be() -> None:
    assert [len(batch) for batch in batches([8] * (BATCH_TEXTS + 1))] == [BATCH_TEXTS, 1]
    half = BATCH_TOKENS // 2
    assert [len(batch) for batch in batches([half] * 3)] == [2, 1]
    assert [len(batch) for batch in batches([half + 1] * 2)] == [1, 1]


@given(st.lists(st.integers(0, 40), max_size=200))
def test_a_length_has_at_most_one_batch_that_is_not_full(lengths: list[int]) -> None:
    loose: dict[int, int] = {}
    for batch in batches(lengths):
        length = lengths[batch[0]]
        if len(batch) < min(BATCH_TEXTS, BATCH_TOKENS // max(length, 1)):
            loose[length] = loose.get(length, 0) + 1
    assert all(count == 1 for count in loose.values())
