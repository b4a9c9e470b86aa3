import math

import pytest

from service.experiments.assignment import variant_of

HALVES = {"control": 0.5, "treatment": 0.5}
READERS = [f"reader-{number}" for number in range(20_000)]


def test_known_readers_keep_their_variant_in_every_release() -> None:
    named = [variant_of("fresher", "", reader, HALVES) for reader in READERS[:8]]
    expected = "c c t c c c c t"
    assert " ".join(name[0] for name in named) == expected


def test_shares_are_met() -> None:
    shares = {"a": 0.1, "b": 0.2, "c": 0.7}
    found = [variant_of("x", "salt", reader, shares) for reader in READERS]
    for variant, share in shares.items():
        deviation = math.sqrt(share * (1 - share) * len(READERS))
        assert abs(found.count(variant) - share * len(READERS)) < 4 * deviation


def test_experiments_and_salts_split_independently() -> None:
    for one, other in ((("x", ""), ("y", "")), (("x", ""), ("x", "again"))):
        both = sum(
            variant_of(*one, reader, HALVES) == variant_of(*other, reader, HALVES)
            for reader in READERS
        )
        assert abs(both / len(READERS) - 0.5) < 0.02


def test_a_share_that_grows_moves_no_one_else() -> None:
    for reader in READERS[:5_000]:
        before = variant_of("x", "", reader, {"new": 0.1, "old": 0.9})
        after = variant_of("x", "", reader, {"new": 0.2, "old": 0.8})
        assert (before, after) != ("new", "old")


def test_shares_that_are_no_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        variant_of("x", "", "reader", {"a": 0.5, "b": 0.4})
