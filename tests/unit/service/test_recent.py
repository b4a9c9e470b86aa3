import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.catalogue import recent as module
from service.catalogue.recent import Recent, newest_first


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(1, 12))
def test_the_newest_rows_in_order_however_they_came(published: list[int], kept: int) -> None:
    before, module.KEPT = module.KEPT, kept
    try:
        recent = Recent(np.empty(0, np.int64), np.empty(0))
        for row, moment in enumerate(published):
            recent.add(row, float(moment))
            if row % 7 == 0:
                recent.rows()
        expected = sorted(range(len(published)), key=lambda row: (-published[row], -row))
        assert recent.rows().tolist() == expected[:kept]
        assert recent.complete == (len(published) <= kept)
    finally:
        module.KEPT = before


@given(st.lists(st.integers(0, 5), max_size=40), st.integers(1, 50))
def test_the_newest_of_all(published: list[int], limit: int) -> None:
    rows, moments = np.arange(len(published)), np.array(published, np.float64)
    expected = sorted(range(len(published)), key=lambda row: (-published[row], -row))
    assert newest_first(rows, moments, limit).tolist() == expected[:limit]
