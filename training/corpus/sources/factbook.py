"""The World Factbook: sentences on the politics, people and economy of every country."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from training.corpus.passage import Passage
from training.corpus.source import Source, document_of
from training.errors import UnreadableData

SENTENCE_END: Final = re.compile(r"(?<=[.;!?])\s+")
TAG: Final = re.compile("<[^>]+>")
SHORTEST, LONGEST = 30, 220
FEWEST_LETTERS: Final = 0.6
"""What has fewer letters among its characters is a table's row."""


def read(folder: Path) -> Iterator[Passage]:
    """Every sentence once."""
    seen = set()
    files = sorted(folder.rglob("*.json"))
    if not files:
        raise UnreadableData(f"{folder} has no country's .json")
    for path in files:
        for text in _texts(document_of(path)):
            for sentence in SENTENCE_END.split(html.unescape(TAG.sub(" ", text))):
                if _is_prose(sentence) and sentence not in seen:
                    seen.add(sentence)
                    yield Passage("country", "en", sentence)


def _texts(item: Any) -> Iterator[str]:
    if isinstance(item, dict):
        for name, value in item.items():
            if name == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)


def _is_prose(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    return SHORTEST < len(text) < LONGEST and letters > FEWEST_LETTERS * len(text)


SOURCE = Source("factbook", "factbook", "The World Factbook (CIA)", "public domain", read)
