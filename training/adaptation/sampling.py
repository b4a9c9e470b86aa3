"""How often each language is drawn: more evenly than it has texts.

Of languages with ``n`` texts one is drawn with p ∝ n^α (α = 1/3 in NaSE), so that small ones are
heard and large ones not cut down to them.

Shapes: L languages, N rows of all, E rows of an epoch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.errors import BadRecipe

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tempered:
    """Rows by language, and how often each language is drawn (L, sum 1)."""

    rows: Mapping[str, Int64]
    probabilities_L: Float64
    dropped: Mapping[str, int]
    """Languages that have too few rows, and how many these are."""

    @classmethod
    def of(cls, languages: Sequence[str], least: int, exponent: float) -> "Tempered":
        """Of each row's language (N ≥ 1). Those with fewer than ``least`` rows are dropped.

        Raises BadRecipe if none is left.
        """
        names, language_N = np.unique(np.asarray(languages, str), return_inverse=True)
        counts = np.bincount(language_N, minlength=len(names))
        by_language = np.split(np.argsort(language_N, kind="stable"), np.cumsum(counts)[:-1])
        found = {str(name): rows for name, rows in zip(names, by_language, strict=True)}
        kept = {name: rows for name, rows in found.items() if len(rows) >= least}
        if not kept:
            raise BadRecipe(
                f"no language has {least} texts (least_texts); {names[counts.argmax()]} has most, "
                f"{counts.max()}"
            )
        return cls(
            rows=kept,
            probabilities_L=probabilities([len(rows) for rows in kept.values()], exponent),
            dropped={name: len(rows) for name, rows in found.items() if name not in kept},
        )

    def __len__(self) -> int:
        return sum(map(len, self.rows.values()))

    def epoch(self, number: int, seed: int) -> Int64:
        """The rows of an epoch (E), as many as there are, in order; number and seed decide all.

        Languages are drawn anew each time. Within one, no row comes twice before each came once.
        """
        rng = np.random.default_rng([seed, number])
        counts_L = rng.multinomial(len(self), self.probabilities_L)
        drawn = [_drawn(r, c, rng) for r, c in zip(self.rows.values(), counts_L, strict=True)]
        return rng.permutation(np.concatenate(drawn))


def probabilities(counts: Sequence[int], exponent: float) -> Float64:
    """p(language) = nᵅ / Σ nᵅ for languages of ``n`` texts each (L)."""
    tempered_L = np.asarray(counts, np.float64) ** exponent
    shares_L: Float64 = tempered_L / tempered_L.sum()
    return shares_L


def _drawn(rows: Int64, count: int, rng: np.random.Generator) -> Int64:
    rounds = [rng.permutation(rows) for _ in range(-(-count // len(rows)))]
    return np.concatenate([rows[:0], *rounds])[:count]
