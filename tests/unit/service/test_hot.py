import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.catalogue.entry import Entry
from service.catalogue.hot import HotRows
from service.domain.fields import ArticleId
from service.domain.popularity import Heat
from tests.catalogues import new_catalogue

steps = st.lists(
    st.tuples(st.sampled_from(["put", "withdraw", "heat"]), st.integers(0, 15)), max_size=20
)


def heat_of(values: np.ndarray) -> Heat:
    numbers = {ArticleId(f"a{n}"): n for n in range(len(values))}
    order = np.argsort(-values, kind="stable")[: np.count_nonzero(values)]
    return Heat(numbers, values, tuple(ArticleId(f"a{n}") for n in order.tolist()))


@given(steps=steps, seed=st.integers(0, 999))
def test_every_live_rows_heat_whatever_changed(steps: list[tuple[str, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    catalogue, hot = new_catalogue(4), HotRows()
    values = rng.integers(0, 3, 16).astype(float)
    heat = heat_of(values)
    for revision, (step, number) in enumerate(steps, 1):
        article_id = ArticleId(f"a{number}")
        if step == "put":
            entry = Entry(article_id, revision, None, None, None, 0.0, float("inf"))
            catalogue.put([entry], rng.standard_normal((1, 4)).astype(np.float16))
        elif step == "withdraw":
            catalogue.withdraw(article_id, revision)
        else:
            values = rng.integers(0, 3, 16).astype(float)
            heat = heat_of(values)
        live = catalogue.allowed(None, [])
        rows, found = hot.of(catalogue, heat)
        alive = live[rows]
        expected = {f"a{n}": v for n, v in enumerate(values) if v and f"a{n}" in catalogue}
        assert dict(zip(catalogue.ids(rows[alive]), found[alive].tolist(), strict=True)) == expected
        assert (np.diff(found) <= 0).all()
        every = np.flatnonzero(live)
        of_rows = hot.by_row(catalogue, heat)[every].tolist()
        assert of_rows == [values[int(name[1:])] for name in catalogue.ids(every)]
