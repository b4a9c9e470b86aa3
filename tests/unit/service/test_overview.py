"""The catalogue from above: counts against plain counting, and a map that stays where it is."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.catalogue.atlas import Atlas
from service.catalogue.catalogue import Catalogue
from service.catalogue.census import Census
from service.catalogue.entry import Entry
from service.domain.fields import ArticleId
from service.domain.overview import MapArticle
from service.ports import Vectors
from tests.catalogues import new_catalogue, resealed, snapshots_in

DIMENSION = 16
LANGUAGES = (None, "en", "de")
TOPICS = ("sports", "food", "money")
NOBODY = np.empty(0, np.int64)


def entry(name: str, revision: int = 1, topic: int = 0, language: str | None = "en") -> Entry:
    return Entry(
        ArticleId(name), revision, language, TOPICS[topic], None, 0.0, float("inf"), title=name
    )


def on_topics(count: int, seed: int = 0) -> tuple[list[Entry], Vectors]:
    """Articles on three topics in two languages, which set them apart more than the topics do."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((len(TOPICS), DIMENSION))
    tongues = {"en": np.zeros(DIMENSION), "de": 5 * rng.standard_normal(DIMENSION)}
    entries = [
        entry(f"a{seed}-{n}", topic=n % len(TOPICS), language="en" if n % 2 else "de")
        for n in range(count)
    ]
    vectors = [
        centres[n % len(TOPICS)] + tongues[e.language or ""] + rng.standard_normal(DIMENSION) / 4
        for n, e in enumerate(entries)
    ]
    vectors_ND = np.array(vectors).reshape(count, DIMENSION)
    vectors_ND /= np.linalg.norm(vectors_ND, axis=1, keepdims=True)
    return entries, vectors_ND.astype(np.float16)


def stocked(count: int, seed: int = 0) -> Catalogue:
    catalogue = new_catalogue(DIMENSION)
    catalogue.put(*on_topics(count, seed))
    return catalogue


def drawn(atlas: Atlas, catalogue: Catalogue, limit: int = 1_000) -> dict[str, MapArticle]:
    articles, _ = atlas.draw(catalogue.frozen(), limit, NOBODY)
    return {one.article_id: one for one in articles}


def moved(one: MapArticle, other: MapArticle) -> float:
    return float(np.hypot(one.x - other.x, one.y - other.y))


steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "withdraw", "expire"]),
        st.integers(0, 9),
        st.sampled_from(LANGUAGES),
        st.sampled_from([None, *TOPICS]),
    ),
    max_size=20,
)


@given(steps=steps)
def test_the_counts_are_those_of_counting_every_live_article(
    steps: list[tuple[str, int, str | None, str | None]],
) -> None:
    catalogue, census = new_catalogue(4), Census()
    for revision, (step, number, language, category) in enumerate(steps, 1):
        name = ArticleId(f"a{number}")
        if step == "put":
            one = Entry(name, revision, language, category, None, 0.0, float(revision + number))
            catalogue.put([one], np.ones((1, 4), np.float16))
        elif step == "withdraw":
            catalogue.withdraw(name, revision)
        else:
            catalogue.expire(revision)
        live = list(catalogue.entries(catalogue.live_rows()))
        counted = census.of(catalogue)
        assert dict(counted.languages) == Counter(e.language for e in live if e.language)
        assert dict(counted.categories) == Counter(e.category for e in live if e.category)
        numbers = [number for _, number in counted.languages]
        assert numbers == sorted(numbers, reverse=True)


def test_the_same_articles_make_the_same_map_in_whatever_order_they_came() -> None:
    entries, vectors = on_topics(40)
    order = np.random.default_rng(1).permutation(40)
    other = new_catalogue(DIMENSION)
    other.put([entries[n] for n in order.tolist()], vectors[order])
    assert drawn(Atlas(), stocked(40)) == drawn(Atlas(), other)


def test_one_article_more_moves_no_other() -> None:
    catalogue, atlas = stocked(60), Atlas()
    before = drawn(atlas, catalogue)
    (new, *_), (vector, *_) = on_topics(1, seed=2)
    catalogue.put([new], vector[np.newaxis])
    after = drawn(atlas, catalogue)
    assert after.keys() - before.keys() == {new.article_id}
    assert {name: after[name] for name in before} == before


def test_an_article_that_changes_topic_moves_to_the_other() -> None:
    catalogue, atlas = stocked(60), Atlas()
    before = drawn(atlas, catalogue)
    _, vectors = on_topics(60)
    catalogue.put([entry("a0-0", revision=2, topic=1, language="en")], vectors[1:2])
    after = drawn(atlas, catalogue)
    assert moved(after["a0-0"], before["a0-1"]) < 0.01
    assert after["a0-0"].category == "food"


def test_a_map_drawn_anew_grows_out_of_the_last_one() -> None:
    catalogue, atlas = stocked(90), Atlas()
    before = drawn(atlas, catalogue)
    catalogue.put(*on_topics(60, seed=3))
    after = drawn(atlas, catalogue)
    fresh = drawn(Atlas(), catalogue)
    shifts = [moved(after[name], one) for name, one in before.items()]
    assert 0 < np.median(shifts) < np.median([moved(fresh[n], one) for n, one in before.items()])


def test_topics_lie_together_whatever_their_language() -> None:
    shown = list(drawn(Atlas(), stocked(120)).values())
    places = np.array([(one.x, one.y) for one in shown])
    apart = np.linalg.norm(places[:, np.newaxis] - places, axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.argsort(axis=1)[:, :10]
    topics = np.array([one.category for one in shown])
    languages = np.array([one.language for one in shown])
    assert (topics[nearest] == topics[:, np.newaxis]).mean() > 0.9
    assert (languages[nearest] == languages[:, np.newaxis]).mean() < 0.7


@given(
    count=st.integers(0, 30),
    seed=st.integers(0, 99),
    limit=st.integers(1, 40),
    wanted=st.lists(st.integers(0, 29), max_size=10),
)
@settings(deadline=None, max_examples=30)
def test_a_map_is_bounded_and_holds_what_is_asked_for(
    count: int, seed: int, limit: int, wanted: list[int]
) -> None:
    catalogue = stocked(count, seed)
    asked = dict.fromkeys(ArticleId(f"a{seed}-{n}") for n in wanted)
    rows = catalogue.rows(asked)
    articles, explained = Atlas().draw(catalogue.frozen(), limit, rows)
    names = [one.article_id for one in articles]
    assert len(names) == len(set(names)) == min(count, max(limit, len(rows)))
    assert set(catalogue.ids(rows)) <= set(names)
    assert all(-1 <= one.x <= 1 and -1 <= one.y <= 1 for one in articles)
    assert 0 <= explained <= 1


def test_articles_that_are_all_the_same_lie_in_one_place() -> None:
    catalogue = new_catalogue(DIMENSION)
    catalogue.put([entry(f"a{n}") for n in range(20)], np.ones((20, DIMENSION), np.float16) / 4)
    articles, explained = Atlas().draw(catalogue.frozen(), 100, NOBODY)
    assert {(one.x, one.y) for one in articles} == {(0.0, 0.0)}
    assert explained == 0


def test_a_map_spreads_out_once_articles_are_many() -> None:
    catalogue, atlas = stocked(2), Atlas()
    drawn(atlas, catalogue)
    catalogue.put(*on_topics(40, seed=4))
    places = np.array([(one.x, one.y) for one in drawn(atlas, catalogue).values()])
    assert places.std(axis=0).min() > 0.1


def test_a_new_generation_changes_no_map(tmp_path_factory: pytest.TempPathFactory) -> None:
    catalogue, atlas = stocked(40), Atlas()
    before = drawn(atlas, catalogue)
    with snapshots_in(tmp_path_factory.mktemp("map"), DIMENSION) as snapshots:
        sealed = resealed(catalogue, snapshots)
        sealed.withdraw(ArticleId("a0-7"), 9)
        after = drawn(atlas, sealed)
    assert before.pop("a0-7")
    assert after == before
