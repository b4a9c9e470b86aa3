"""How news becomes batches: of one exact shape on a CPU, of few shapes on a GPU."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_store.batching import SIZES, TOKENS, WIDTHS, Batching, Buckets, Exact, widths
from model_store.tokens import NewsTokens, padded

TEXT, ABSTRACT = 60, 40
ids = st.lists(st.integers(1, 9), min_size=1, max_size=TEXT)
abstracts = st.lists(st.integers(1, 9), max_size=ABSTRACT)
news = st.builds(NewsTokens, ids, abstracts, st.integers(0, 9), st.integers(0, 9))
BUCKETS = Buckets(widths(TEXT), (0, *widths(ABSTRACT)))
BATCHINGS = [Exact(TEXT, ABSTRACT), BUCKETS]


@given(st.lists(news, min_size=1, max_size=20))
@pytest.mark.parametrize("batching", BATCHINGS, ids=["exact", "buckets"])
def test_a_filled_batch_holds_each_articles_own_and_then_copies(
    batching: Batching, items: list[NewsTokens]
) -> None:
    same = [item for item in items if batching.shape(item) == batching.shape(items[0])]
    filled = batching.filled(same)
    alone = [padded([item]) for item in same]
    for name, array in filled.items():
        for row, item in enumerate(alone):
            own, held = np.atleast_1d(item[name][0]), np.atleast_1d(array[row])
            width = min(own.size, held.size)  # either may be padded further than the other
            assert np.array_equal(held[:width], own[:width])
            assert not held[width:].any()
            assert not own[width:].any()
        assert all(np.array_equal(array[row], array[-1]) for row in range(len(same), len(array)))


@given(st.lists(news, min_size=1, max_size=300))
def test_an_encoder_on_a_gpu_sees_no_other_shapes_than_those_said(items: list[NewsTokens]) -> None:
    shape = BUCKETS.shape(items[0])
    same = [item for item in items if BUCKETS.shape(item) == shape][: BUCKETS.size(shape)]
    filled = BUCKETS.filled(same)
    texts, abstracts = filled["input_ids"].shape, filled["abstract_input_ids"].shape
    assert filled["attention_mask"].shape == texts
    assert filled["abstract_attention_mask"].shape == abstracts
    # An absent abstract is a row of one hidden token.
    width = 0 if shape[1] == 0 else abstracts[1]
    assert (texts[0], (texts[1], width)) in BUCKETS.shapes()


def test_the_shapes_are_few_and_within_the_limit_of_tokens() -> None:
    shapes = BUCKETS.shapes()
    most = len(BUCKETS.text) * len(BUCKETS.abstract) * len(SIZES)
    assert len(shapes) == len(set(shapes)) <= most
    wide = Buckets(widths(8192)).shapes()
    assert all(rows * sum(shape) <= TOKENS for rows, shape in wide)
    assert {shape for _, shape in wide} == {(width, 0) for width in WIDTHS}


def test_a_text_longer_than_a_batch_may_be_goes_alone() -> None:
    narrow = Buckets((16, 64), tokens=32)
    assert (narrow.size((16, 0)), narrow.size((64, 0))) == (1, 1)
    assert narrow.filled([NewsTokens([5] * 64, (), 0, 0)])["input_ids"].shape == (1, 64)


@pytest.mark.parametrize(
    ("most", "expected"), [(2, (2,)), (16, (16,)), (50, (16, 32, 48, 50)), (64, (16, 32, 48, 64))]
)
def test_no_row_is_wider_than_what_the_encoder_reads(most: int, expected: tuple[int, ...]) -> None:
    assert widths(most) == expected


@pytest.mark.parametrize("batching", BATCHINGS, ids=["exact", "buckets"])
def test_what_is_run_before_the_first_request_is_within_the_limits(batching: Batching) -> None:
    for rows, (text, abstract) in batching.shapes():
        assert 1 <= text <= TEXT
        assert abstract <= ABSTRACT
        shape = batching.shape(NewsTokens([0] * text, [0] * abstract, 0, 0))
        assert rows <= max(2, batching.size(shape))
