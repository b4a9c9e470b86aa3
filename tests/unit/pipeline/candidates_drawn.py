"""Candidates drawn by hypothesis: scores with ties, unit vectors, entries of few stories."""

import numpy as np
from hypothesis import strategies as st

from service.catalogue.entry import Entry
from service.domain.fields import ArticleId

TITLES = ("Storm closes the harbour", "Harbour closed by storm", "Rates rise", "Cup final", "")


def entry(number: int, title: str = "", **fields: object) -> Entry:
    """A live article."""
    plain = {"language": None, "category": None, "source": None, "published": 0.0}
    return Entry(
        ArticleId(f"a{number}"), 1, **{**plain, "expires": float("inf"), "title": title, **fields}
    )


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, list[Entry]]:
    """Scores (C,) with ties, vectors (C×D) of which some are equal, and entries."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((max(count, 1), 6))[rng.integers(0, max(count, 1), count)]
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    entries = [entry(n, TITLES[rng.integers(len(TITLES))]) for n in range(count)]
    return np.round(rng.random(count), 1), vectors, entries


cases = st.tuples(st.integers(0, 30), st.integers(0, 40), st.integers(0, 9_999))
"""How many candidates, how many are asked for, and a seed."""
