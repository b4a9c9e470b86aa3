"""Any record, through any format and back; and histories as bytes."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.adapters.redis import histories
from service.domain.article import Article
from service.domain.stored_reader import (
    StoredClick,
    StoredDrawn,
    StoredEventId,
    StoredEventIds,
    StoredHistory,
    StoredHistoryVector,
    StoredMark,
    StoredMarks,
    StoredReader,
    StoredServed,
    StoredServedList,
    StoredShown,
    StoredShownArticles,
    StoredTallies,
    StoredTally,
)
from service.transfer.formats import format_named, is_export, open_export
from service.transfer.records import (
    KINDS,
    ArticleCount,
    ArticleRecord,
    ArticleVector,
    CounterRecord,
    End,
    ExperimentRecord,
    Header,
    Record,
    StoredDocument,
    VariantAmount,
)

ids = st.from_regex(r"[A-Za-z0-9._~:@-]{2,12}", fullmatch=True).filter(lambda s: s != "..")
moments = st.integers(0, 1 << 44)
expiries = st.none() | moments
amounts = st.floats(0, 1e9)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
vectors = st.binary(min_size=8, max_size=8)


def several(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(strategy, max_size=3).map(tuple)


def of(record: type, **fields: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(record, **fields)


def part(record: type, **fields: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | of(record, expires_ms=expiries, **fields)


clicks = of(StoredClick, article_id=ids, timestamp_ms=moments)
marks = of(
    StoredMark,
    type=st.sampled_from(["click", "like", "dislike", "hide"]),
    article_id=ids,
    timestamp_ms=moments,
)
drawn = of(
    StoredDrawn, article_id=ids, propensity=amounts, judged=several(ids), chosen_by=several(ids)
)
lists = of(
    StoredServedList,
    recommendation_id=ids,
    moment_ms=moments,
    scenario=ids,
    experiment=st.none() | ids,
    variant=st.none() | ids,
    article_ids=several(ids),
    outcomes=st.text("012", max_size=3),
    drawn=several(drawn),
)
event_ids = of(StoredEventId, digest=vectors, arrival_ms=amounts)
shown = of(StoredShown, article_id=ids, minute=st.integers(0, 1 << 30), times=st.integers(0, 127))
tallies = of(StoredTally, variant=ids, impressions=moments, clicks=moments)
readers = of(
    StoredReader,
    user_id=ids,
    history=part(StoredHistory, version=moments, clicks=several(clicks)),
    history_vector=part(StoredHistoryVector, version=moments, model_digest=vectors, vector=vectors),
    marks=part(StoredMarks, marks=several(marks)),
    event_ids=part(StoredEventIds, event_ids=several(event_ids)),
    shown=part(StoredShownArticles, articles=several(shown)),
    served=part(StoredServed, lists=several(lists)),
    tallies=part(StoredTallies, tallies=several(tallies)),
)
values = st.recursive(
    st.booleans() | st.integers(-(1 << 50), 1 << 50) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
documents = part(
    StoredDocument,
    article=of(
        Article,
        title=texts.filter(str.strip).map(str.strip),
        body=st.none() | texts,
        published_at=st.none() | st.just("2026-05-01T08:00:00.25Z"),
        attributes=st.none() | st.dictionaries(texts, values, max_size=2),
    ),
    revision=moments,
    ingested_us=moments,
)
articles = of(
    ArticleRecord,
    article_id=ids,
    document=documents,
    vectors=several(
        of(ArticleVector, model=ids, inputs_digest=vectors, vector=vectors, expires_ms=expiries)
    ),
)
counters = of(
    CounterRecord,
    event_type=st.sampled_from(["click", "impression", "read"]),
    hour=st.integers(0, 1 << 20),
    counts=several(of(ArticleCount, article_id=ids, amount=amounts)),
    expires_ms=expiries,
)
experiments = of(
    ExperimentRecord,
    experiment=ids,
    amounts=several(of(VariantAmount, variant=ids, field=ids, amount=amounts)),
    expires_ms=expiries,
)
batches = st.tuples(
    *(st.lists(one, max_size=4) for one in (articles, readers, counters, experiments))
)


def written(path: Path, units: tuple[list[Record], ...]) -> None:
    writer = format_named(path).writer(path)
    header = Header(export_id="e", began_at="2026-05-01T08:00:00+00:00", newsstand="1")
    reached = writer.begin(header)
    for number, (kind, records) in enumerate(zip(KINDS, units, strict=True)):
        reached = writer.write(number, kind, records, reached)
    counts = {kind: len(records) for kind, records in zip(KINDS, units, strict=True)}
    writer.finish(header, End(records=counts), reached)


@pytest.mark.parametrize("name", ["state.jsonl", "state.jsonl.gz", "state"])
@settings(max_examples=60, deadline=None)
@given(units=batches)
def test_what_is_read_is_what_was_written(name: str, units: tuple[list[Record], ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        written(path, units)
        assert is_export(path)
        expected = [record for unit in units for record in unit]
        export = open_export(path)
        assert list(export.records(0)) == expected
        assert list(export.records(2)) == expected[2:]
        assert export.total in (None, len(expected))


@given(
    version=st.integers(0, (1 << 63) - 1),
    clicks=st.lists(st.tuples(ids, st.integers(0, (1 << 48) - 1)), min_size=1, max_size=50),
)
def test_a_history_is_unpacked_as_it_was_packed(
    version: int, clicks: list[tuple[str, int]]
) -> None:
    clicked, moments_ms = zip(*clicks, strict=True)
    packed = histories.packed(version, clicked, moments_ms)
    assert histories.unpacked(packed) == (clicked, moments_ms)
    assert histories.version_of(packed) == version
