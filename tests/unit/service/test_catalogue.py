"""The catalogue against a plain dictionary, and the filters against plain comparisons."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from service.catalogue.catalogue import Catalogue
from service.catalogue.entry import Entry
from service.domain.fields import ArticleId
from service.domain.filters import Filters
from tests.catalogues import new_catalogue, resealed, snapshots_in

DIMENSION = 4
LANGUAGES = [None, "en", "de", "zh-Hans"]


def entry(article_id: str, revision: int, **fields: object) -> Entry:
    defaults = {"language": None, "category": None, "source": None}
    times = {"published": 0.0, "expires": float("inf")}
    return Entry(ArticleId(article_id), revision, **{**defaults, **times, **fields})


def vector(number: float) -> np.ndarray:
    return np.array([number, 1, 0, 0], np.float16)


numbers = st.integers(0, 8)
operations = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.tuples(numbers, st.integers(1, 9)))),
        st.tuples(st.just("withdraw"), st.tuples(numbers, st.integers(1, 9))),
        st.tuples(st.just("expire"), st.integers(0, 9)),
        st.tuples(
            st.just("seal"),
            st.tuples(
                st.lists(st.tuples(numbers, st.integers(1, 9)), max_size=3),
                st.tuples(numbers, st.integers(1, 9)),
            ),
        ),
    ),
    max_size=30,
)


class Plain:
    """What the catalogue should hold."""

    def __init__(self) -> None:
        self.live: dict[int, int] = {}
        self.known: dict[int, int] = {}
        self.expired: dict[int, int] = {}
        self.now = 0

    def put(self, catalogue: Catalogue, given_: list[tuple[int, int]]) -> None:
        given_ = [(n, r) for n, r in given_ if r > self.expired.get(n, 0)]  # stores never go back
        entries = [entry(f"a{n}", r, expires=float(r)) for n, r in given_]
        vectors = np.array([vector(r) for _, r in given_], np.float16).reshape(-1, 4)
        catalogue.put(entries, vectors, [f"{n} {r}".encode() for n, r in given_])
        for number, revision in given_:
            if revision > self.known.get(number, 0):
                self.live[number] = self.known[number] = revision

    def withdraw(self, catalogue: Catalogue, given_: tuple[int, int]) -> None:
        number, revision = given_
        if revision <= self.expired.get(number, 0):
            return
        catalogue.withdraw(ArticleId(f"a{number}"), revision)
        if revision > self.known.get(number, 0):
            self.live.pop(number, None)
            self.known[number] = revision

    def expire(self, catalogue: Catalogue, now: int) -> None:
        catalogue.expire(float(now))
        self.now = max(self.now, now)
        for number in [n for n, revision in self.live.items() if revision <= now]:
            self.expired[number] = self.live.pop(number)
            del self.known[number]


@given(operations=operations)
@settings(deadline=None)
def test_the_catalogue_holds_the_latest_of_each_live_article(operations: list) -> None:
    catalogue, plain = new_catalogue(DIMENSION), Plain()
    with (
        tempfile.TemporaryDirectory() as folder,
        snapshots_in(Path(folder), DIMENSION) as snapshots,
    ):
        for operation, given_ in operations:
            if operation == "seal":

                def meanwhile(old: Catalogue, given_: tuple = given_) -> None:
                    plain.put(old, given_[0])
                    plain.withdraw(old, given_[1])

                catalogue = resealed(catalogue, snapshots, meanwhile=meanwhile)
                plain.expire(catalogue, plain.now)
            else:
                getattr(plain, operation)(catalogue, given_)
    live = {f"a{number}": revision for number, revision in plain.live.items()}
    assert len(catalogue) == len(live)
    allowed = catalogue.allowed(None, [])
    assert allowed.sum() == len(live)
    found = catalogue.nearest(vector(1.0), 100, allowed)
    assert dict(zip(catalogue.ids(found), catalogue.vectors(found)[:, 0], strict=True)) == live
    ids = [ArticleId(f"a{number}") for number in range(9)]
    for number, revision in enumerate(catalogue.revisions(ids)):
        if number not in plain.expired:
            assert revision == plain.known.get(number, 0)
    assert catalogue.find(ids).tolist() == [
        -1 if (row := catalogue.row(article_id)) is None else row for article_id in ids
    ]
    assert [catalogue.entry(a) is not None for a in ids] == [str(a) in live for a in ids]
    for article_id in live:
        held = catalogue.entry(ArticleId(article_id))
        assert held == entry(article_id, live[article_id], expires=float(live[article_id]))
    without = catalogue.allowed(None, [ArticleId("a0"), ArticleId("never")])
    assert ArticleId("a0") not in catalogue.ids(catalogue.nearest(vector(1.0), 9, without))


rows = st.lists(
    st.tuples(st.sampled_from(LANGUAGES), st.sampled_from([None, "x", "y"]), st.integers(0, 6)),
    max_size=30,
)
some_languages = st.none() | st.lists(st.sampled_from(["en", "de", "fr", "zh-Hans"]))
some_labels = st.none() | st.lists(st.sampled_from(["x", "y", "z"]))
a_time = st.none() | st.integers(0, 6)


@given(
    rows=rows,
    languages=some_languages,
    exclude_languages=some_languages,
    categories=some_labels,
    exclude_sources=some_labels,
    after=a_time,
    before=a_time,
)
def test_filters_admit_exactly_what_they_say(
    rows: list,
    languages: list[str] | None,
    exclude_languages: list[str] | None,
    categories: list[str] | None,
    exclude_sources: list[str] | None,
    after: int | None,
    before: int | None,
) -> None:
    catalogue = new_catalogue(DIMENSION)
    entries = [
        entry(f"a{n}", 1, language=language, category=label, source=label, published=float(time))
        for n, (language, label, time) in enumerate(rows)
    ]
    catalogue.put(entries, np.ones((len(rows), DIMENSION), np.float16))
    filters = Filters(
        languages=languages,
        exclude_languages=exclude_languages,
        categories=categories,
        exclude_sources=exclude_sources,
        published_after=None if after is None else datetime.fromtimestamp(after, UTC),
        published_before=None if before is None else datetime.fromtimestamp(before, UTC),
    )

    def passes(language: str | None, label: str | None, time: int) -> bool:
        return (
            (languages is None or language in languages)
            and language not in (exclude_languages or [])
            and (categories is None or label in categories)
            and label not in (exclude_sources or [])
            and (after is None or time >= after)
            and (before is None or time < before)
        )

    admitted = {f"a{n}" for n, row in enumerate(rows) if passes(*row)}
    allowed = catalogue.allowed(filters, [])
    assert set(catalogue.ids(np.flatnonzero(allowed))) == admitted
    if filters.contradiction():
        assert not admitted
    newest = catalogue.newest(10, allowed)
    times = catalogue.columns.published_R[newest].tolist()
    assert times == sorted(times, reverse=True)
    assert len(newest) == min(10, len(admitted))


vectors_drawn = arrays.arrays(
    np.float16,
    st.tuples(st.integers(0, 9), st.just(DIMENSION)),
    elements=st.floats(-1_000, 1_000, width=16),
)


@given(vectors_drawn, st.sampled_from([np.float16, np.float64]))
def test_directions_are_of_length_1_and_nothing_points_nowhere(
    vectors_ND: np.ndarray, kind: type
) -> None:
    catalogue = new_catalogue(DIMENSION, normalised=False)
    directions_ND = catalogue.directions(vectors_ND.astype(kind))
    exact_ND = vectors_ND.astype(np.float64)
    assert directions_ND.dtype == np.float64
    for vector_D, direction_D in zip(exact_ND, directions_ND, strict=True):
        if not vector_D.any():
            assert not direction_D.any()
            continue
        length = np.linalg.norm(vector_D)
        assert np.linalg.norm(direction_D) == pytest.approx(1)
        assert direction_D * length == pytest.approx(vector_D)


@given(vectors_drawn)
def test_where_the_model_makes_unit_vectors_directions_are_the_vectors(
    vectors_ND: np.ndarray,
) -> None:
    directions_ND = new_catalogue(DIMENSION).directions(vectors_ND)
    assert np.array_equal(directions_ND, vectors_ND.astype(np.float64))


def test_no_vector_of_the_catalogue_is_longer_than_the_longest() -> None:
    catalogue = new_catalogue(DIMENSION, normalised=False)
    assert catalogue.longest == 0
    catalogue.put([entry("a", 1), entry("b", 1)], np.array([vector(3), vector(0)]))
    assert catalogue.longest == pytest.approx(10**0.5)
    catalogue.put([entry("c", 1)], np.array([vector(0)]))
    assert catalogue.longest == pytest.approx(10**0.5)
