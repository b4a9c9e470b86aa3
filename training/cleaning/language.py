"""Is a text in the language that it is said to be in?

By ``py3langid``, naive Bayes over bytes (Lui and Baldwin, *langid.py*, 2012), which knows 140
languages and needs no network. Short texts are easily mistaken, so it is not asked which language
a text is in, but only whether another is far more probable than the one that was named.
"""

import sys
from functools import cache
from typing import Final

import langcodes
import polars as pl
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from training.cleaning.script import parsed

SAME: Final = 4
"""CLDR's distance from a language to another name of it: nb and no, prs and fa."""


def known_as(language: str) -> str | None:
    """What the identifier calls this language; None if it does not know it.

    Raises UnreadableData for what is no language's code.
    """
    name = parsed(language).language or language
    label, _ = langcodes.closest_match(name, _identifier().labels, max_distance=SAME)
    return None if label == "und" else str(label)


def in_other_language(texts: pl.Series, label: str, odds: float) -> pl.Series:
    """Which are at least ``odds`` times likelier to be in some other language than ``label``."""
    return pl.Series([_odds_against(text, label) >= odds for text in texts], dtype=pl.Boolean)


def _odds_against(text: str, label: str) -> float:
    """How much more probable the most probable language is: at least 1."""
    ranked = _identifier().rank(text)
    (_, most), named = ranked[0], dict(ranked)[label]
    return float(most / max(named, sys.float_info.min))


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
