"""Sentences with the sentiment that people found in them: NewsMTSC's format.

Hamborg & Donnay, *NewsMTSC: A Dataset for (Multi-)Target-dependent Sentiment Classification in
Political News Articles*, EACL 2021: JSON lines, in each a sentence and its targets. What is said of
a sentence is what is said of all of its targets; where they differ, it is left out.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training.data.lines import read_lines
from training.data.problems import Problems
from training.errors import UnreadableData

POLARITIES: Final[Mapping[float, str]] = {2.0: "negative", 4.0: "neutral", 6.0: "positive"}
HELD_OUT: Final = 5
"""One document of so many is held out, by a digest of its name."""


@dataclass(frozen=True)
class Labelled:
    """Texts, and the sentiment of each."""

    texts: Sequence[str]
    sentiments: Sequence[str]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Sentences:
    """What can be learned from, and what is held out: of other documents, and other sentences."""

    known: Labelled
    held_out: Labelled
    disputed: int
    """Sentences whose targets are spoken of in different ways."""


def read_sentences(path: Path, problems: Problems | None = None) -> Sentences:
    """All of a file. Raises UnreadableData for a file that cannot be read or in which either part
    is empty, and, unless ``problems`` skips them, for lines of another form.
    """
    problems = problems or Problems()
    known: dict[str, str] = {}
    held_out: dict[str, str] = {}
    disputed = 0
    for number, line in enumerate(read_lines(path), start=1):
        try:
            document, text, polarities = _parsed(line)
        except (ValueError, KeyError, TypeError) as error:
            expected = "a sentence_normalized, a primary_gid and targets with polarity 2, 4 or 6"
            problems.meet(path, [number], expected, [f"something else ({error})"])
            continue
        if len(polarities) > 1:
            disputed += 1
        else:
            part = held_out if _is_held_out(document) else known
            part[text] = POLARITIES[polarities.pop()]
    learnable = {text: said for text, said in known.items() if text not in held_out}
    if not learnable or not held_out:
        raise UnreadableData(f"{path} has too few labelled sentences to learn from and hold out")
    return Sentences(_labelled(learnable), _labelled(held_out), disputed)


def _parsed(line: str) -> tuple[str, str, set[float]]:
    """The document, the text, and the polarities, at least one."""
    row: Any = json.loads(line)
    polarities = {float(target["polarity"]) for target in row["targets"]}
    if not polarities or not polarities <= POLARITIES.keys():
        raise ValueError(f"polarities {sorted(polarities)}")
    return _document(str(row["primary_gid"])), str(row["sentence_normalized"]), polarities


def _document(sentence_id: str) -> str:
    """The article: ``allsides_1000_401`` of ``allsides_1000_401_25_Someone_0_6``."""
    return "_".join(sentence_id.split("_")[:3])


def _is_held_out(document: str) -> bool:
    digest = hashlib.sha256(document.encode()).digest()
    return int.from_bytes(digest[:8], "big") % HELD_OUT == 0


def _labelled(found: Mapping[str, str]) -> Labelled:
    return Labelled(list(found), list(found.values()))
