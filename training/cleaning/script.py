"""Is a text written in the script that its language's code names?

Script codes are those of ISO 15924, properties of letters those of Unicode.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import langcodes
import polars as pl
from langcodes.data_dicts import LIKELY_SUBTAGS
from langcodes.tag_parser import LanguageTagError

from training.errors import UnreadableData

LETTERS: Final = r"[\p{L}--\p{sc=Zyyy}]"
"""Without those that belong to no script, such as µ."""
UNSPACED: Final = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
"""What is written without blanks between words: there a letter counts as a word."""

JOINT: Final[Mapping[str, tuple[str, ...]]] = {
    "Hanb": ("Hani", "Bopo"),
    "Hans": ("Hani",),
    "Hant": ("Hani",),
    "Hrkt": ("Hira", "Kana"),
    "Jpan": ("Hani", "Hira", "Kana"),
    "Kore": ("Hang", "Hani"),
    "Aran": ("Arab",),
    "Cyrs": ("Cyrl",),
    "Latf": ("Latn",),
    "Latg": ("Latn",),
}
"""Codes that name several of Unicode's scripts, or a style of one."""

SECOND: Final[Mapping[str, str]] = {
    "bs": "Cyrl",
    "kk": "Latn",
    "ku": "Arab",
    "pa": "Arab",
    "sr": "Latn",
    "uz": "Cyrl",
}
"""Languages whose news come in a second script beside the usual one."""


def parsed(language: str) -> langcodes.Language:
    """A language's code, ``en``, ``eng_Latn`` or ``zho-CN``. Raises UnreadableData for others."""
    try:
        return langcodes.Language.get(language)
    except LanguageTagError as error:
        raise UnreadableData(f"{language!r} is no language's code such as en, eng_Latn") from error


def scripts_of(language: str) -> tuple[str, ...]:
    """The scripts that texts in this language may be written in.

    The one that the code names; else those in which the language is usually written (Unicode's
    CLDR), none if that is not known. Raises UnreadableData for what is no language or script.
    """
    code = parsed(language)
    named = [code.script] if code.script else _usual(code)
    if not named:
        return ()
    scripts = tuple(script for name in named for script in JOINT.get(name, (name,)))
    try:
        pl.Series([""]).str.contains(_one_of(scripts))
    except pl.exceptions.ComputeError as error:
        raise UnreadableData(f"{language}: there is no script {code.script}") from error
    return scripts


def in_other_script(texts: pl.Series, scripts: Sequence[str], share: float) -> pl.Series:
    """Which have less than this share of their words in ``scripts``; without words, none.

    Words, since a name in Latin letters would outweigh many a Chinese word.
    """
    named = _one_of(scripts)
    right = texts.str.count_matches(_words(rf"[{LETTERS}&&{named}]"))
    wrong = texts.str.count_matches(_words(rf"[{LETTERS}--{named}]"))
    return right < share * (right + wrong)


def _usual(code: langcodes.Language) -> list[str]:
    languages = (code.language, code.prefer_macrolanguage().language)
    if not any(language in LIKELY_SUBTAGS for language in languages):
        return []
    usual = code.maximize().script
    second = SECOND.get(code.language or "")
    return [script for script in (usual, second) if script]


def _one_of(scripts: Sequence[str]) -> str:
    """What is written in one of them, also if in others too."""
    return "[" + "".join(rf"\p{{scx={script}}}" for script in scripts) + "]"


def _words(letters: str) -> str:
    return rf"[{letters}&&{UNSPACED}]|[{letters}--{UNSPACED}][[{letters}\p{{M}}]--{UNSPACED}]*"
