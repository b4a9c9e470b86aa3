"""Shingles, signatures of them, and how signatures are cut into bands."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.cleaning.minhash import (
    MISSED,
    PERMUTATIONS,
    Banding,
    band_keys,
    banding,
    signatures,
)
from training.cleaning.shingles import by_rarity, jaccard, shingles
from training.data.ragged import Ragged


def of(*texts: str, length: int = 5) -> list[set[int]]:
    found = shingles(pl.Series(texts, dtype=pl.String), length)
    return [set(found[position].tolist()) for position in range(len(found))]


def sets(shared: int, own: int, seed: int) -> Ragged:
    """Two sets with so many values in common, and each so many of its own."""
    values = np.random.default_rng(seed).integers(0, 2**63, shared + 2 * own)
    return Ragged.of([values[: shared + own], np.delete(values, slice(shared, shared + own))])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("one two three four five six seven", 3),
        ("one two three four five", 1),
        ("one two", 1),
        ("совет голосует за новый мост сегодня", 2),
        ("市议会今晚就新桥进行投票", 8),
        ("ฝนตกหนัก", 3),
        ("Apple 发布新手机", 2),
        ("?!", 1),
        ("", 1),
    ],
)
def test_a_text_has_a_shingle_for_every_five_words_or_letters_where_words_are_not_set_apart(
    text: str, count: int
) -> None:
    assert len(of(text)[0]) == count


def test_case_and_punctuation_do_not_count() -> None:
    first, second, third = of("Storm hits coast!", "STORM, hits - coast", "Storm hits coasts")
    assert first == second
    assert not first & third


def test_jaccard_by_hand() -> None:
    assert jaccard(np.array([1, 2, 3]), np.array([2, 3, 4, 4])) == 2 / 4
    assert jaccard(np.array([1]), np.array([2])) == 0
    assert jaccard(np.array([5, 1]), np.array([1, 5])) == 1


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 9999))
def test_signatures_estimate_the_true_jaccard_similarity(shared: int, own: int, seed: int) -> None:
    pair = sets(shared, own, seed)
    true = jaccard(pair[0], pair[1])
    one, other = signatures(pair)
    error = np.sqrt(true * (1 - true) / PERMUTATIONS)
    assert np.mean(one == other) == pytest.approx(true, abs=6 * error + 1e-12)


def test_the_estimate_has_no_bias() -> None:
    agree = [np.mean(np.equal(*signatures(sets(20, 10, seed)))) for seed in range(200)]
    assert np.mean(agree) == pytest.approx(0.5, abs=0.015)


@settings(deadline=None)
@given(st.floats(0.07, 1))
def test_bands_miss_hardly_anything_at_the_threshold(threshold: float) -> None:
    cut = banding(threshold)
    assert cut.bands * cut.rows <= PERMUTATIONS
    assert cut.found(threshold) >= 1 - MISSED
    longer = Banding(PERMUTATIONS // (cut.rows + 1), cut.rows + 1)
    assert cut.rows == PERMUTATIONS or longer.found(threshold) < 1 - MISSED


def test_bands_by_hand() -> None:
    assert banding(0.9) == Banding(18, 7)
    assert banding(1.0) == Banding(1, PERMUTATIONS)
    assert Banding(2, 3).found(0.5) == pytest.approx(1 - (7 / 8) ** 2)


def test_keys_are_equal_where_bands_are() -> None:
    cut = banding(0.9)
    one, other = signatures(sets(60, 2, 5))
    keys = band_keys(np.stack([one, other]), cut)
    bands = np.stack([one, other])[:, : cut.bands * cut.rows].reshape(2, cut.bands, cut.rows)
    same = np.all(bands[0] == bands[1], axis=1)
    assert 0 < same.sum() < cut.bands
    assert ((keys[0] == keys[1]) == same).all()


def test_the_rarest_shingles_have_the_lowest_numbers() -> None:
    ranked = by_rarity(Ragged.of([[70, 80], [80, 90], [90, 80, 60]]))
    assert [ranked[place].tolist() for place in range(3)] == [[1, 3], [3, 2], [2, 3, 0]]
