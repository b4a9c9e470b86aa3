"""The titles of 38,000 much-read Wikipedia articles: people, places, films, teams.

They come as a compressed trie, in JavaScript: nodes between semicolons, each a run of letters and
where it goes on. ``!`` marks a node that is a word by itself, ``,`` a letter run that ends a word;
a number in base 36 says how many nodes further down a run goes on, or, if it is small, which of
the node numbers declared at the start.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.corpus.passage import Passage
from training.corpus.source import Source, text_of
from training.errors import UnreadableData

DECLARED: Final = re.compile(r"([0-9A-Z]+):([0-9A-Z]+)")
RUN: Final = re.compile(r"([^A-Z0-9,]+)([A-Z0-9]+|,)?")
TRIE: Final = re.compile(r"true¦([^|`]+)")
FIRST_LETTER: Final = re.compile(r"(^|[\s(-])(\w)")


def read(folder: Path) -> Iterator[Passage]:
    """The titles, with a capital at the start of each word. Raises UnreadableData."""
    found = sorted(folder.rglob("_model.js"))
    trie = TRIE.search(text_of(found[0])) if found else None
    if trie is None:
        raise UnreadableData(f"{folder} has no _model.js with a list of titles")
    for title in _titles(found[0], trie[1]):
        if len(title) > 2 and title.isprintable():
            yield Passage("title", "en", FIRST_LETTER.sub(_capital, title))


def _titles(path: Path, trie: str) -> Iterator[str]:
    try:
        yield from unpacked(trie)
    except IndexError as error:
        raise UnreadableData(f"{path} lacks a part of its list of titles") from error


def unpacked(trie: str) -> Iterator[str]:
    """The words of a compressed trie. Raises IndexError if it leads to a node that is not there."""
    nodes = trie.split(";")
    declared = []
    for node in nodes:
        match = DECLARED.fullmatch(node)
        if match is None:
            break
        declared.append(number(match[2]))
    nodes = nodes[len(declared) :]
    waiting = [(0, "")]
    while waiting:
        index, before = waiting.pop()
        node = nodes[index]
        if node.startswith("!"):
            yield before
            node = node[1:]
        for run, where in RUN.findall(node):
            if where in ("", ","):
                yield before + run
            else:
                steps = number(where)
                known = steps < len(declared)
                there = declared[steps] if known else index + steps + 1 - len(declared)
                waiting.append((there, before + run))


def number(code: str) -> int:
    """0 to Z, then 00 to ZZ, and so on, counted through."""
    shorter = sum(int(36**places) for places in range(1, len(code)))
    return int(code, 36) + shorter


def _capital(match: re.Match[str]) -> str:
    return match[1] + match[2].upper()


SOURCE = Source(
    "wikipedia_titles",
    "wikipedia-titles",
    "titles of English Wikipedia's articles, from compromise-wikipedia",
    "MIT (package); CC BY-SA (Wikipedia)",
    read,
)
