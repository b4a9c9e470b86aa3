"""Which systems are worth their cost."""

from hypothesis import given
from hypothesis import strategies as st

from training.studies.pareto import Worth, front

worths = st.builds(Worth, st.integers(0, 5).map(float), st.integers(0, 5).map(float))
systems = st.dictionaries(st.text("abcdef", min_size=1), worths, max_size=8)


def test_what_another_beats_in_both_is_left_out() -> None:
    found = front(
        {
            "dear and good": Worth(0.9, 100),
            "dear and bad": Worth(0.5, 100),
            "cheap": Worth(0.6, 1),
            "between": Worth(0.7, 10),
            "beaten by cheap": Worth(0.6, 2),
            "beaten by between": Worth(0.65, 10),
        }
    )
    assert found == ["cheap", "between", "dear and good"]


def test_equals_stand_together() -> None:
    assert front({"a": Worth(0.5, 1), "b": Worth(0.5, 1)}) == ["a", "b"]
    assert front({}) == []


@given(systems)
def test_nothing_on_the_front_is_beaten_and_all_else_is(given: dict[str, Worth]) -> None:
    found = front(given)
    for name, worth in given.items():
        beaten = any(
            other.quality >= worth.quality
            and other.cost <= worth.cost
            and (other.quality > worth.quality or other.cost < worth.cost)
            for other in given.values()
        )
        assert beaten == (name not in found)
    costs = [given[name].cost for name in found]
    assert costs == sorted(costs)
    assert bool(found) == bool(given)
