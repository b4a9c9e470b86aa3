import math
from collections import Counter

import pytest

from service.experiments.assignment import point_of, variant_of

HALVES = {"control": 0.5, "treatment": 0.5}
READERS = [f"reader-{number}" for number in range(20_000)]


def test_known_readers_keep_their_variant_in_every_release() -> None:
    named = [variant_of("fresher", "", reader, HALVES) for reader in READERS[:8]]
    assert " ".join(name[0] for name in named) == "c c t c c c c t"
    resalted = [variant_of("fresher", "2026", reader, HALVES) for reader in READERS[:8]]
    assert " ".join(name[0] for name in resalted) == "t t t c t c c c"
    assert point_of("fresher", "", "reader-0") == 0.30377560431768724


def test_shares_are_met() -> None:
    shares = {"a": 0.1, "b": 0.2, "c": 0.7}
    found = Counter(variant_of("x", "salt", reader, shares) for reader in READERS)
    for variant, share in shares.items():
        deviation = math.sqrt(share * (1 - share) * len(READERS))
        assert abs(found[variant] - share * len(READERS)) < 4 * deviation


def test_points_are_uniform() -> None:
    tenths = Counter(int(10 * point_of("x", "salt", reader)) for reader in READERS)
    assert set(tenths) == set(range(10))
    deviation = math.sqrt(0.1 * 0.9 * len(READERS))
    assert all(abs(count - len(READERS) / 10) < 4 * deviation for count in tenths.values())


@pytest.mark.parametrize("other", [("y", ""), ("x", "again")])
def test_experiments_and_salts_split_independently(other: tuple[str, str]) -> None:
    cells = Counter(
        (variant_of("x", "", reader, HALVES), variant_of(*other, reader, HALVES))
        for reader in READERS
    )
    deviation = math.sqrt(0.25 * 0.75 * len(READERS))
    assert len(cells) == 4
    assert all(abs(count - len(READERS) / 4) < 4 * deviation for count in cells.values())


def test_moving_a_boundary_moves_only_the_readers_between_its_places() -> None:
    before, after = {"a": 0.3, "b": 0.3, "c": 0.4}, {"a": 0.3, "b": 0.5, "c": 0.2}
    for reader in READERS[:5_000]:
        was, now = (variant_of("x", "", reader, shares) for shares in (before, after))
        between = 0.6 <= point_of("x", "", reader) < 0.8
        assert (was, now) == ("c", "b") if between else was == now


def test_a_share_of_nothing_gets_no_one() -> None:
    shares = {"first": 0.0, "all": 1.0, "last": 0.0}
    assert {variant_of("x", "", reader, shares) for reader in READERS[:1_000]} == {"all"}


def test_tenths_are_a_whole_though_floats_are_not() -> None:
    shares = {f"v{number}": 0.1 for number in range(10)}
    assert len({variant_of("x", "", reader, shares) for reader in READERS[:1_000]}) == 10


@pytest.mark.parametrize(
    "shares",
    [{}, {"a": 0.5, "b": 0.4}, {"a": 0.6, "b": 0.6}, {"a": 1.5, "b": -0.5}, {"a": math.nan}],
)
def test_shares_that_are_no_whole_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="share"):
        variant_of("x", "", "reader", shares)
