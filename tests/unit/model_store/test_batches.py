"""Padding, and how texts of unlike lengths become batches."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model_store.tokens import (
    ABSTRACT_STEP,
    BATCH_TEXTS,
    BATCH_TOKENS,
    NewsTokens,
    batches,
    pad,
    padded,
)

ids = st.lists(st.integers(1, 250_000), max_size=12)
labels = st.integers(0, 9)
texts = st.builds(NewsTokens, ids, ids | st.just([]), labels, labels)


@given(st.lists(ids, min_size=1, max_size=9))
def test_padding_hides_behind_the_mask_and_nothing_else_does(texts: list[list[int]]) -> None:
    input_ids_BT, attention_mask_BT = pad(texts)
    longest = max(1, *map(len, texts))
    assert input_ids_BT.shape == attention_mask_BT.shape == (len(texts), longest)
    assert input_ids_BT.dtype == attention_mask_BT.dtype == np.int64
    for row, ids in enumerate(texts):
        assert input_ids_BT[row][attention_mask_BT[row] == 1].tolist() == ids
        assert attention_mask_BT[row].tolist() == sorted(attention_mask_BT[row], reverse=True)
        assert not input_ids_BT[row][attention_mask_BT[row] == 0].any()


@given(st.lists(texts, min_size=1, max_size=9))
def test_every_input_holds_each_articles_own(news: list[NewsTokens]) -> None:
    given_ = padded(news)
    for row, item in enumerate(news):
        shown = given_["input_ids"][row][given_["attention_mask"][row] == 1]
        abstract = given_["abstract_input_ids"][row][given_["abstract_attention_mask"][row] == 1]
        assert shown.tolist() == item.ids
        assert abstract.tolist() == item.abstract_ids
        labels = given_["category_id"][row], given_["subcategory_id"][row]
        assert labels == (item.category_id, item.subcategory_id)


@given(st.lists(texts, min_size=1, max_size=30))
def test_an_articles_row_is_as_wide_whatever_it_is_sent_with(news: list[NewsTokens]) -> None:
    for batch in batches([item.shape for item in news]):
        together = padded([news[position] for position in batch])
        for row, position in enumerate(batch):
            alone = padded([news[position]])
            assert all(np.array_equal(together[name][row], alone[name][0]) for name in alone)


def test_an_abstract_is_padded_to_a_step() -> None:
    def shape(length: int) -> tuple[int, int]:
        return NewsTokens([5, 6, 7], range(1, length + 1), 0, 0).shape

    assert shape(0) == (3, 0)
    assert shape(1) == shape(ABSTRACT_STEP) == (3, ABSTRACT_STEP)
    assert shape(ABSTRACT_STEP + 1) == (3, 2 * ABSTRACT_STEP)


def test_no_texts_are_no_batches() -> None:
    assert list(batches([])) == []


def test_a_text_without_tokens_is_in_a_batch_too() -> None:
    assert list(batches([(0,), (0,)])) == [[0, 1]]


def test_a_batch_is_as_full_as_it_may_be() -> None:
    assert [len(batch) for batch in batches([(8,)] * (BATCH_TEXTS + 1))] == [BATCH_TEXTS, 1]
    half = BATCH_TOKENS // 2
    assert [len(batch) for batch in batches([(half,)] * 3)] == [2, 1]
    assert [len(batch) for batch in batches([(half + 1,)] * 2)] == [1, 1]
    assert [len(batch) for batch in batches([(half - 16, 16)] * 3)] == [2, 1]


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from([0, 16, 32, 48])), max_size=200))
def test_a_shape_has_at_most_one_batch_that_is_not_full(shapes: list[tuple[int, int]]) -> None:
    loose: dict[tuple[int, int], int] = {}
    for batch in batches(shapes):
        shape = shapes[batch[0]]
        if len(batch) < min(BATCH_TEXTS, BATCH_TOKENS // max(sum(shape), 1)):
            loose[shape] = loose.get(shape, 0) + 1
    assert all(count == 1 for count in loose.values())
