"""What a text is made of."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.cleaning.sentences import SENTENCES
from training.cleaning.text import damaged, has_few_letters, normalised, too_long


def one(text: str) -> str:
    return str(normalised(pl.Series([text])).item())


@settings(deadline=None)
@given(st.text())
def test_what_has_been_normalised_stays_as_it_is(text: str) -> None:
    once = one(text)
    assert one(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once == once.strip()
    assert "  " not in once


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\tTwo \u00a0\u3000 words\r\n", "Two words"),
        ("cafe\u0301", "café"),
        ("\ufeffso\u00adft\u200b ok\x07\ue000", "soft ok"),
        ("\u202bשלום\u202c", "שלום"),  # noqa: RUF001
        ("e\u200b\u0301", "é"),
        ("a \x00 b", "a b"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # noqa: RUF001
        ("क\u094d\u200dष", "क\u094d\u200dष"),
        ("\u2000 \u200e", ""),
    ],
)
def test_a_text_is_what_can_be_seen_of_it(text: str, seen: str) -> None:
    assert one(text) == seen


@pytest.mark.parametrize("text", SENTENCES.values())
def test_what_is_written_well_stays_to_the_letter(text: str) -> None:
    assert one(text) == text


def test_a_lost_character_damages_a_text() -> None:
    assert damaged(pl.Series(["M\ufffdnchen", "München", ""])).to_list() == [True, False, False]


def test_numbers_signs_and_emoji_are_no_letters() -> None:
    texts = pl.Series(["12:30-14:00", "🎉🎉🎉", "A", "OK", "क्या।", "خط", "大雨", "ฝน"])
    assert has_few_letters(texts, 2).to_list() == [True] * 3 + [False] * 5
    assert has_few_letters(texts, 3).to_list() == [True] * 8


def test_length_is_counted_in_characters_not_bytes() -> None:
    texts = pl.Series(["สะพาน", "bridge"])
    assert too_long(texts, 5).to_list() == [False, True]
    assert too_long(texts, 4).to_list() == [True, True]
