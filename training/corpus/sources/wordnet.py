"""WordNet's definitions and example sentences: most of the words that English has."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.corpus.passage import Passage
from training.corpus.source import Source, text_of
from training.data.problems import wrong
from training.errors import UnreadableData

EXAMPLE: Final = re.compile(r'"([^"]{15,160})"')
QUOTED: Final = re.compile(r'"[^"]*"')
SEPARATORS: Final = re.compile(r"\s*;(?:\s*;)+")
"""What is left where examples stood one after the other."""
LONGEST: Final = 160
WORD: Final = 4
"""Which of the fields before the gloss is the first synonym."""


def read(folder: Path) -> Iterator[Passage]:
    """``word: definition`` of every set of synonyms, and the examples."""
    files = sorted(folder.rglob("data.*"))
    if not files:
        raise UnreadableData(f"{folder} has no data.noun")
    for path in files:
        for number, line in enumerate(text_of(path, "latin-1").splitlines(), start=1):
            if line.startswith("  "):  # the licence
                continue
            head, bar, gloss = line.partition(" | ")
            fields = head.split()
            if not bar or len(fields) <= WORD:
                raise wrong(path, number, "synonyms | what they mean", "another line")
            yield from _of_synonyms(fields[WORD].replace("_", " "), gloss)


def _of_synonyms(word: str, gloss: str) -> Iterator[Passage]:
    definition = SEPARATORS.sub(";", QUOTED.sub("", gloss)).strip(" ;")
    if definition:
        yield Passage("definition", "en", f"{word}: {definition}"[:LONGEST])
    for example in EXAMPLE.findall(gloss):
        yield Passage("example", "en", example)


SOURCE = Source("wordnet", "wordnet", "WordNet 3.0 (Princeton University)", "WordNet licence", read)
