"""What a text is made of: characters that can be seen, letters, and not too many of them."""

from typing import Final

import polars as pl

BLANKS: Final = r"\s+"
INVISIBLE: Final = (
    r"[\p{Cc}\p{Co}\x{AD}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}"
    r"\x{2060}-\x{2064}\x{2066}-\x{206F}\x{FEFF}\x{FFF9}-\x{FFFB}]"
)
"""Controls, private characters, soft hyphens, marks of direction and of byte order.

The two joiners stay: Persian and the scripts of India cannot be written without them.
"""
REPLACEMENT: Final = "\ufffd"
"""Stands where bytes could not be decoded."""


def normalised(texts: pl.Series) -> pl.Series:
    """The same texts as they look: in Unicode's form C, without what cannot be seen, and with one
    blank wherever there is any. What has been normalised stays as it is.
    """
    blank = texts.str.replace_all(BLANKS, " ")
    seen = blank.str.replace_all(INVISIBLE, "")
    return seen.str.replace_all(" +", " ").str.strip_chars(" ").str.normalize("NFC")


def damaged(texts: pl.Series) -> pl.Series:
    """Which hold characters that were lost before."""
    return texts.str.contains(REPLACEMENT, literal=True)


def has_few_letters(texts: pl.Series, least: int) -> pl.Series:
    """Which have fewer than ``least`` letters: numbers, signs and emoji are none."""
    return texts.str.count_matches(r"\p{L}") < least


def too_long(texts: pl.Series, most: int) -> pl.Series:
    """Which have more than ``most`` characters."""
    return texts.str.len_chars() > most
