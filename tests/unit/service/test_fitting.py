import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.catalogue.fitting import first_fitting


@given(st.lists(st.integers(0, 99), max_size=80), st.integers(1, 12), st.integers(1, 40))
def test_the_first_rows_that_fit_wherever_they_stand(
    rows: list[int], limit: int, divisor: int
) -> None:
    expected = [place for place, row in enumerate(rows) if row % divisor == 0][:limit]
    found = first_fitting(np.array(rows, np.int64), limit, lambda some: some % divisor == 0)
    assert found.tolist() == expected
