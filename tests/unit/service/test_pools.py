"""Pools against a search of everything: the same rows, whatever changed between two requests."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model_store import late_fusion
from service.catalogue import pools as module
from service.catalogue.catalogue import Entry
from service.catalogue.pools import Pools
from service.domain.fields import ArticleId
from tests.catalogues import new_catalogue

DIMENSION = 8


def entries(numbers: range, revision: int) -> list[Entry]:
    nothing = {"language": None, "category": None, "source": None}
    return [
        Entry(ArticleId(f"a{n}"), revision, **nothing, published=0.0, expires=float("inf"))
        for n in numbers
    ]


def vectors(rng: np.random.Generator, count: int) -> np.ndarray:
    drawn = rng.standard_normal((count, DIMENSION))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)


@given(
    seed=st.integers(0, 10_000),
    depth=st.sampled_from([1, 20, 80]),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["click", "put", "update", "withdraw", "nothing"]), st.integers(0, 30)
        ),
        max_size=8,
    ),
)
def test_a_pool_answers_as_a_search_of_everything(
    seed: int, depth: int, steps: list[tuple[str, int]]
) -> None:
    rng = np.random.default_rng(seed)
    catalogue = new_catalogue(DIMENSION)
    catalogue.put(entries(range(120), 1), vectors(rng, 120))
    pools, taste_D, count, revision = Pools(), vectors(rng, 1)[0], 120, 1
    before, module.DEPTH = module.DEPTH, depth
    try:
        for step, number in [("nothing", 0), *steps]:
            revision += 1
            if step == "click":
                mixed = taste_D.astype(np.float64) * number + vectors(rng, 1)[0]
                taste_D = (mixed / (number + 1)).astype(np.float16)
            elif step == "put":
                catalogue.put(entries(range(count, count + number), 1), vectors(rng, number))
                count += number
            elif step == "update":
                catalogue.put(entries(range(number), revision), vectors(rng, number))
            elif step == "withdraw":
                catalogue.withdraw(ArticleId(f"a{number}"), revision)
            allowed = catalogue.allowed(None, [ArticleId("a1"), ArticleId("a7")])
            rows, scores = pools.best(catalogue, "reader", taste_D, 10, allowed)
            all_rows = np.flatnonzero(allowed)
            exact = late_fusion.scores(catalogue.vectors(all_rows), taste_D)
            assert scores.tolist() == sorted(exact, reverse=True)[:10]
            assert (late_fusion.scores(catalogue.vectors(rows), taste_D) == scores).all()
            assert allowed[rows].all()
            assert len(set(rows.tolist())) == len(rows)
    finally:
        module.DEPTH = before
