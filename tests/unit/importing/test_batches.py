import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.importing.batches import batches, line_of
from service.importing.errors import UnsoundRecord
from service.importing.records import Problem, Record

CONTENT = st.one_of(
    st.dictionaries(st.sampled_from("abc"), st.text(max_size=20)),
    st.builds(Problem, st.just("no article")),
)
RECORDS = st.lists(CONTENT).map(
    lambda contents: [Record(f"f:{n}", content, 0.0) for n, content in enumerate(contents)]
)


@given(RECORDS, st.integers(1, 7), st.integers(20, 200))
def test_every_record_goes_out_once_and_in_order(
    records: list[Record], size: int, most_bytes: int
) -> None:
    made = list(batches(records, size, most_bytes))
    assert [r.place for batch in made for r in batch.records] == [r.place for r in records]
    for batch in made:
        assert 1 <= len(batch.records) <= size
        assert len(b"\n".join(batch.lines)) < most_bytes
        articles = [r.content for r in batch.records if not isinstance(r.content, Problem)]
        assert [orjson.loads(line) for line in batch.lines] == articles


@given(RECORDS, st.integers(1, 7))
def test_without_a_limit_of_bytes_only_the_last_batch_is_not_full(
    records: list[Record], size: int
) -> None:
    made = list(batches(records, size))
    assert all(len(batch.records) == size for batch in made[:-1])


def test_an_article_that_fits_into_no_batch_is_a_problem_and_the_rest_goes_out() -> None:
    large, small = {"title": "x" * 300}, {"title": "x"}
    records = [Record("f:1", small, 0), Record("f:2", large, 0), Record("f:3", small, 0)]
    (batch,) = batches(records, 10, most_bytes=200)
    assert len(batch.lines) == 2
    assert isinstance(batch.records[1].content, Problem)
    assert "more than the 200 of a batch" in batch.records[1].content.detail


def test_text_that_is_not_unicode_cannot_go_out() -> None:
    with pytest.raises(UnsoundRecord, match="cannot be written as JSON"):
        line_of({"title": "\ud800"})
