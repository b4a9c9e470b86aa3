"""What has been said before."""

from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.cleaning.sentences import SENTENCES
from training.cleaning.duplicates import near_duplicates, repeats
from training.cleaning.shingles import jaccard, shingles
from training.data.ragged import Int64

WORDS = [f"w{number}" for number in range(30)]
LONG = " ".join(WORDS)
texts_of_few_words = st.lists(
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=9).map(" ".join), max_size=40
)


def near(texts: Sequence[str], threshold: float = 0.9, shingle: int = 5) -> list[bool]:
    return near_duplicates(pl.Series(texts, dtype=pl.String), threshold, shingle).to_list()


def exact(texts: Sequence[str], threshold: float, shingle: int) -> list[bool]:
    """Every text beside every earlier one that stays."""
    found = shingles(pl.Series(texts, dtype=pl.String), shingle)
    stayed: list[int] = []
    for row in range(len(found)):
        if all(jaccard(found[row], found[other]) < threshold for other in stayed):
            stayed.append(row)
    return [row not in stayed for row in range(len(found))]


def test_the_first_of_several_equal_texts_stays() -> None:
    assert repeats(pl.Series(["a", "b", "a", "A", "a"])).to_list() == [
        False, False, True, False, True,
    ]  # fmt: skip


def test_the_first_of_several_similar_texts_stays() -> None:
    assert near([f"{LONG} end", "something else", LONG, f"{LONG.upper()}!"]) == [
        False, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("text", SENTENCES.values())
def test_a_copy_that_differs_in_its_last_letter_is_found_in_every_script(text: str) -> None:
    long = f"{text} {text[::-1]} " * 4
    assert near([long, long + text[0], text[::-1]]) == [False, True, False]


@settings(deadline=None)
@given(texts_of_few_words, st.sampled_from([0.5, 0.8, 0.9, 1.0]), st.integers(1, 3))
def test_what_goes_is_what_comparing_all_with_all_finds(
    texts: list[str], threshold: float, shingle: int
) -> None:
    assert near(texts, threshold, shingle) == exact(texts, threshold, shingle)


@settings(deadline=None)
@given(texts_of_few_words, st.sampled_from([0.3, 0.9]))
def test_of_what_stays_nothing_goes_the_next_time(texts: list[str], threshold: float) -> None:
    stays = [text for text, gone in zip(texts, near(texts, threshold), strict=True) if not gone]
    assert not any(near(stays, threshold))


@settings(deadline=None)
@given(st.lists(st.sets(st.sampled_from(WORDS)), min_size=1, max_size=1), st.data())
def test_a_text_is_never_a_duplicate_of_one_without_a_word_in_common(
    chosen: list[set[str]], data: st.DataObject
) -> None:
    others = [word for word in WORDS if word not in chosen[0]] or ["x"]
    other = data.draw(st.lists(st.sampled_from(others), min_size=1))
    pair = [" ".join(sorted(chosen[0])) or "y", " ".join(other)]
    assert near(pair, threshold=0.01, shingle=1) == [False, False]


def test_a_text_like_one_that_went_but_like_none_that_stays_stays() -> None:
    chain = [" ".join(WORDS[start : start + 20]) for start in (0, 2, 4)]
    assert near(chain, threshold=0.8, shingle=1) == [False, True, False]


def test_similar_texts_are_found_across_what_is_in_memory_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [f"{word} said nothing new about it" for word in WORDS]
    texts = [*texts, *(f"{text}!" for text in texts)]
    monkeypatch.setattr("training.cleaning.duplicates.AT_ONCE", 7)
    assert near(texts) == [False] * 30 + [True] * 30


def test_texts_after_one_pattern_are_not_all_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(one: Int64, other: Int64) -> float:
        compared.append(1)
        return jaccard(one, other)

    compared: list[int] = []
    monkeypatch.setattr("training.cleaning.duplicates.jaccard", counted)
    towns = [f"town{number}" for number in range(400)]
    pattern = " ".join(WORDS[:16]) + " {} " + " ".join(WORDS[16:])
    texts = [pattern.format(town) for town in towns]
    assert near([*texts, *(text.upper() for text in texts)]) == [False] * 400 + [True] * 400
    assert len(compared) <= 800


def test_no_texts_have_no_duplicates() -> None:
    assert near([]) == []
