"""Words are deleted by chance, as often as they should be, and never all of them."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.adaptation.noise import WORD, noise

ANY_TEXT = st.text(st.one_of(st.characters(), st.sampled_from(" \u3000ab東京ไทยที่é")), max_size=40)
DELETION = st.floats(0, 1)


def words(text: str) -> list[str]:
    return [word.group() for word in WORD.finditer(text)]


@settings(deadline=None)
@given(ANY_TEXT, DELETION, st.integers(0, 99))
def test_what_is_left_stood_there_in_this_order(text: str, deletion: float, seed: int) -> None:
    left, characters = noise(text, deletion, Random(seed)), iter(text)
    assert all(character in characters for character in "".join(left.split()))
    assert bool(left) == bool(words(text))


@settings(deadline=None)
@given(st.lists(st.sampled_from(["I", "like", "東", "ไ", "ที่"]), min_size=1), st.integers(0, 99))
def test_what_is_left_are_whole_words(some: list[str], seed: int) -> None:
    rest = iter(some)
    assert all(word in rest for word in words(noise(" ".join(some), 0.5, Random(seed))))
    rest = iter(words("".join(some)))
    assert all(word in rest for word in words(noise("".join(some), 0.5, Random(seed))))


@settings(deadline=None)
@given(st.lists(st.sampled_from(["one", "two", "three"]), min_size=1), st.integers(0, 99))
def test_deleting_every_word_still_leaves_one(some: list[str], seed: int) -> None:
    assert noise(" ".join(some), 1.0, Random(seed)) in some


@settings(deadline=None)
@given(ANY_TEXT, DELETION, st.integers(0, 99))
def test_a_seed_decides_what_is_deleted(text: str, deletion: float, seed: int) -> None:
    assert noise(text, deletion, Random(seed)) == noise(text, deletion, Random(seed))


@settings(deadline=None)
@given(st.floats(0.05, 0.95), st.integers(0, 9))
def test_a_word_is_deleted_as_often_as_it_should_be(deletion: float, seed: int) -> None:
    text = " ".join(str(number) for number in range(4_000))
    left = len(noise(text, deletion, Random(seed)).split())
    deviation = (4_000 * deletion * (1 - deletion)) ** 0.5
    assert abs(left - 4_000 * (1 - deletion)) < 5 * deviation


@settings(deadline=None)
@given(st.lists(st.sampled_from(["I", "東", "ไทย", "like"]), min_size=1))
def test_nothing_deleted_leaves_the_text(some: list[str]) -> None:
    text = " ".join(some)
    assert noise(text, 0.0, Random(1)) == text
    assert noise(text.replace(" ", "\u3000"), 0.0, Random(1)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't panic, yet.", ["Don't", "panic,", "yet."]),
        ("東京で発売", ["東", "京", "で", "発", "売"]),
        ("iPhone発売 now", ["iPhone", "発", "売", "now"]),
        ("ที่ดี", ["ที่", "ดี"]),
        ("한국어 단어", ["한국어", "단어"]),
        ("ｱｲ\u3000です", ["ｱ", "ｲ", "で", "す"]),
        ("မြန်မာ", ["မြ", "န်", "မာ"]),
        (" \n", []),
    ],
)
def test_without_blanks_a_character_with_its_marks_is_a_word(
    text: str, expected: list[str]
) -> None:
    assert words(text) == expected


def test_what_stood_apart_stays_apart_and_what_did_not_does_not() -> None:
    text, left = "見る 東京 タワー", set()
    for seed in range(300):
        left.add(noise(text, 0.6, Random(seed)))
    assert {"見京", "東 京"} & left == set()
    assert {"見 京", "東京"} <= left
    assert "iPad x" in {noise("iPad京x", 0.3, Random(seed)) for seed in range(99)}
