"""Texts as sets of shingles: runs of n words, each as a number (Broder, 1997).

Where words are not set apart, in Chinese, Japanese, Thai, Lao, Khmer and Burmese, a letter counts
as a word. Case and punctuation do not count.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
import xxhash

from training.cleaning.script import UNSPACED
from training.data.ragged import Int64, Ragged

WORD: Final = rf"{UNSPACED}\p{{M}}*|[[\p{{L}}\p{{M}}\p{{N}}]--{UNSPACED}]+"


def shingles(texts: pl.Series, length: int) -> Ragged:
    """Each text's runs of ``length`` words; of a shorter text, all of it. No list is empty."""
    words = texts.str.to_lowercase().str.extract_all(WORD).to_list()
    return Ragged.of([_runs(of or [text], length) for text, of in zip(texts, words, strict=True)])


def jaccard(one: Int64, other: Int64) -> float:
    """|A ∩ B| / |A ∪ B| of two texts' shingles: 0 to 1."""
    first, second = set(one.tolist()), set(other.tolist())
    return len(first & second) / len(first | second)


def by_rarity(grams: Ragged) -> Ragged:
    """The same shingles, renumbered: what fewer of these texts hold has the lower number."""
    _, inverse, counts = np.unique(grams.values, return_inverse=True, return_counts=True)
    ranks = np.empty_like(counts)
    ranks[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    return Ragged(ranks[inverse], grams.starts)


def _runs(words: Sequence[str], length: int) -> list[int]:
    last = max(len(words) - length, 0)
    return [_number(" ".join(words[at : at + length])) for at in range(last + 1)]


def _number(run: str) -> int:
    """63 bits, the same on every machine."""
    return xxhash.xxh3_64_intdigest(run.encode()) >> 1
