"""Static word vectors learned from texts, for whoever has no file of GloVe's.

A word is known by the company it keeps: how much more often than by chance two words stand near
each other, factorised. Levy, Goldberg & Dagan, *Improving Distributional Similarity with Lessons
Learned from Word Embeddings*, TACL 2015: positive pointwise mutual information, with contexts
smoothed by 0.75, and the singular values' square roots.

Shapes: S all words of the texts, P pairs of words that were met, V vocabulary, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from training.encoders.words import SPECIAL, Float32, word_tokenizer, words_of
from training.errors import BadRecipe

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

WINDOW: Final = 5
"""Words on either side that are near."""
SMOOTHING: Final = 0.75
FEWEST: Final = 2
"""A word that stands but once has no company to be known by."""
ROUNDS: Final = 4
"""Power iterations of the randomised factorisation."""
SPARE: Final = 10
"""Dimensions more than are wanted make those that are wanted more exact."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """How often each word (row) stood near each other one (column), both ways."""

    row_P: Int64
    column_P: Int64
    count_P: Float64


def learn_words(texts: Sequence[str], dimension: int, seed: int) -> tuple[list[str], Float32]:
    """The words that stand twice or more, the most frequent first, and their vectors (V×D).

    Raises BadRecipe for texts of fewer words than dimensions.
    """
    words = words_of(texts, FEWEST)
    if len(words) < dimension:
        raise BadRecipe(
            f"{len(words)} words stand {FEWEST} times in the texts, too few for {dimension} "
            "dimensions: lower them, or give more texts"
        )
    found = pairs(texts, words)
    return words, factorised(found, ppmi(found, len(words)), len(words), dimension, seed)


def pairs(texts: Sequence[str], words: Sequence[str], window: int = WINDOW) -> Pairs:
    """Of all words of the texts those of ``words``, within ``window`` places of each other."""
    encodings = word_tokenizer(words).encode_batch_fast(list(texts))
    word_S = np.array([i for e in encodings for i in e.ids], np.int64) - len(SPECIAL)
    text_S = np.repeat(np.arange(len(encodings)), [len(e.ids) for e in encodings])
    met = [np.empty(0, np.int64)]
    for apart in range(1, window + 1):
        left, right = word_S[:-apart], word_S[apart:]
        near = (text_S[:-apart] == text_S[apart:]) & (left >= 0) & (right >= 0)
        met += [(left * len(words) + right)[near], (right * len(words) + left)[near]]
    code_P, count_P = np.unique(np.concatenate(met), return_counts=True)
    return Pairs(code_P // len(words), code_P % len(words), count_P.astype(np.float64))


def ppmi(pairs: Pairs, vocabulary: int) -> Float64:
    """max(0, log P(w, c) / (P(w)·P_α(c))) of each pair (P), where P_α(c) ∝ #(c)^0.75."""
    of_word_V = np.bincount(pairs.row_P, pairs.count_P, vocabulary)
    smoothed_V = of_word_V**SMOOTHING / (of_word_V**SMOOTHING).sum()
    expected_P = of_word_V[pairs.row_P] * smoothed_V[pairs.column_P]
    found_P: Float64 = np.maximum(0, np.log(pairs.count_P / expected_P))
    return found_P


def factorised(
    pairs: Pairs, value_P: Float64, vocabulary: int, dimension: int, seed: int
) -> Float32:
    """U·√Σ (V×D) of the pairs' values, by randomised factorisation (Halko et al., 2011)."""
    matrix_VV = torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([pairs.row_P, pairs.column_P])),
        torch.from_numpy(value_P),
        (vocabulary, vocabulary),
        check_invariants=True,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        wanted = min(dimension + SPARE, vocabulary)
        left_VQ, values_Q, _ = torch.svd_lowrank(matrix_VV.coalesce(), wanted, ROUNDS)
    vectors_VD: Float32 = (left_VQ * values_Q.sqrt())[:, :dimension].float().numpy()
    return vectors_VD
