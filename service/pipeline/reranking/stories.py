"""Whether two articles tell one story.

Vectors say that two articles are about the same; words and entities say that it is the same event.
"""

import re
from collections.abc import Set
from functools import lru_cache
from typing import Final

from service.catalogue.entry import Entry
from service.domain.policy import Duplicates

TITLES_REMEMBERED: Final = 20_000
_WORD: Final = re.compile(r"\w+")
_UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
)
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese."""


def same_story(one: Entry, other: Entry, cosine: float, rule: Duplicates) -> bool:
    """Whether the rule takes the two articles, with this cosine between them, for one story."""
    if cosine >= rule.certain:
        return True
    if cosine < rule.similarity:
        return False
    words = jaccard(words_of(one.title), words_of(other.title))
    entities = jaccard(frozenset(one.entities), frozenset(other.entities))
    return max(words, entities) >= rule.overlap


def jaccard(one: Set[str], other: Set[str]) -> float:
    """|A ∩ B| / |A ∪ B| in [0, 1]; 0 where both are empty."""
    return len(one & other) / len(one | other) if one or other else 0.0


@lru_cache(TITLES_REMEMBERED)
def words_of(title: str) -> frozenset[str]:
    """A title's words without case; where a script has no spaces, pairs of characters."""
    words: set[str] = set()
    for word in _WORD.findall(title.casefold()):
        if _UNSPACED.search(word):
            words.update(word[i : i + 2] for i in range(max(len(word) - 1, 1)))
        else:
            words.add(word)
    return frozenset(words)
