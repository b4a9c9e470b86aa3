"""NTREX-128: news sentences in up to 128 languages (Federmann, Kocmi and Xin, 2022).

The last 20 documents are never read here: retrieval across languages is measured on them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.corpus.passage import Passage
from training.corpus.source import Source
from training.data.lines import read_lines
from training.errors import UnreadableData

DOCUMENTS: Final = "DOCUMENT_IDS.tsv"
HELD_OUT: Final = 20
"""So many documents, the last ones, are for evaluation."""
ALWAYS_HELD_OUT: Final = frozenset(
    {
        "bbc.381646", "bbc.381680", "bbc.381692", "bbc.381789", "cnn.304478", "cnn.304521",
        "dailymail.co.uk.298622", "guardian.221756", "independent.226346", "newsweek.51307",
        "newsweek.51328", "reuters.218914", "reuters.218933", "rt.com.91334", "rt.com.91350",
        "scotsman.133758", "scotsman.133773", "scotsman.133783", "telegraph.405422", "upi.176275",
    }
)  # fmt: skip
"""The last ones of the selection of NTREX that our figures come from; a longer one has others."""
LANGUAGES: Final = {
    "eng": "en", "amh": "am", "arb": "ar", "ben": "bn", "bul": "bg", "cat": "ca", "dan": "da",
    "deu": "de", "fas": "fa", "fra": "fr", "hau": "ha", "hin": "hi", "hrv": "hr", "ibo": "ig",
    "ind": "id", "ita": "it", "jpn": "ja", "lav": "lv", "nld": "nl", "nob": "nb", "por": "pt",
    "ron": "ro", "rus": "ru", "spa": "es", "swe": "sv", "tur": "tr", "urd": "ur", "vie": "vi",
    "yor": "yo", "zho-CN": "zh",
}  # fmt: skip
"""NTREX's names of the languages that our encoder reads, and ours."""


def read(folder: Path) -> Iterator[Passage]:
    """The sentences of all documents that are not held out."""
    learned = learned_lines(folder)
    for name, language in LANGUAGES.items():
        lines = sentences(folder, name)
        for number in learned:
            yield Passage("sentence", language, lines[number], f"ntrex:{number}")


def sentences(folder: Path, name: str) -> list[str]:
    """All sentences in the language that NTREX calls ``name``.

    Raises UnreadableData, also if they are not as many as the documents' list has lines.
    """
    found = sorted(folder.rglob(f"newstest2019-???.{name}.txt"))  # ref or src, not ref-2
    if not found:
        raise UnreadableData(f"{folder} has no newstest2019-ref.{name}.txt")
    lines, wanted = read_lines(found[0]), len(documents(folder))
    if len(lines) != wanted:
        raise UnreadableData(f"{found[0]} has {len(lines)} lines where {DOCUMENTS} has {wanted}")
    return [line.strip() for line in lines]


def learned_lines(folder: Path) -> list[int]:
    """The numbers of the lines that may be learned from."""
    held = set(held_out_lines(folder))
    return [number for number in range(len(documents(folder))) if number not in held]


def held_out_lines(folder: Path) -> list[int]:
    """The numbers of the lines of the last ``HELD_OUT`` documents, and of ours."""
    of_line = documents(folder)
    held = ALWAYS_HELD_OUT.union(list(dict.fromkeys(of_line))[-HELD_OUT:])
    return [number for number, document in enumerate(of_line) if document in held]


def documents(folder: Path) -> list[str]:
    """Each line's document. Raises UnreadableData."""
    return read_lines(folder / DOCUMENTS)


SOURCE = Source("ntrex", "ntrex-128", "NTREX-128 (Microsoft)", "CC BY-SA 4.0", read)
