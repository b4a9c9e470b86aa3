"""Titles and bodies of news, in pairs, out of whatever table holds them.

Shapes: N pairs, V distinct titles, T tokens.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from tokenizers import Tokenizer

from training.data import mind
from training.data.news import NewsTable
from training.data.problems import Problems
from training.data.ragged import Int64
from training.data.tables import read_table
from training.data.tokens import TokenTable, tokenise
from training.errors import UnreadableData
from training.recipe import Settings

Layout = Literal["table", "mind", "msn-bodies", "ag-news"]
"""``table`` has a header; the others are the published files, which have none."""

PLACES: Final[Mapping[str, Mapping[str, str]]] = {
    "msn-bodies": {"news_id": "1", "category": "2", "title": "4", "abstract": "5", "body": "6"},
    "ag-news": {"category": "1", "title": "2", "body": "3"},
}
"""Which of our columns stand where in the files without a header."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A news item's title and its body, or, where no body is at hand, its abstract."""

    title: str
    body: str


class PairFile(Settings):
    """A file of news, and how it is laid out."""

    path: Path
    layout: Layout = "table"


def file_of(stated: str) -> PairFile:
    """``LAYOUT=PATH``, or a path alone for a table with a header."""
    layout, equals, path = stated.partition("=")
    if equals and layout in READERS:
        return PairFile.validated({"path": path, "layout": layout})
    return PairFile(path=Path(stated))


def read_pairs(files: Sequence[PairFile], problems: Problems | None = None) -> list[Pair]:
    """Every pair of the files once, in their order; news with neither body nor abstract have none.

    Raises UnreadableData as the tables' readers do, and where no pair is found at all.
    """
    problems = problems or Problems()
    pairs = dict.fromkeys(
        pair for file in files for pair in pairs_of(READERS[file.layout](file.path, problems))
    )
    if not pairs:
        named = ", ".join(str(file.path) for file in files) or "no file"
        raise UnreadableData(f"{named}: expected titles with bodies or abstracts, found none")
    return list(pairs)


def pairs_of(news: NewsTable) -> list[Pair]:
    """The pairs of a news table."""
    read = zip(news.column("title"), news.column("abstract"), news.column("body"), strict=True)
    stripped = ((title.strip(), body.strip() or abstract.strip()) for title, abstract, body in read)
    return [Pair(title, body) for title, body in stripped if title and body]


@dataclass(frozen=True, eq=False)
class PairTokens:
    """Pairs as token ids; a title that several news share stands among the V once."""

    titles: TokenTable
    bodies: TokenTable
    title_N: Int64
    """Each pair's title, as its place among the V."""

    @classmethod
    def of(
        cls,
        pairs: Sequence[Pair],
        tokenizer: Tokenizer,
        title_tokens: int,
        body_tokens: int,
        cache: Path | None = None,
    ) -> "PairTokens":
        """Tokenised; with a ``cache`` folder kept there for the next time."""
        place_of = {
            title: place for place, title in enumerate(dict.fromkeys(p.title for p in pairs))
        }
        return cls(
            titles=tokenise(tokenizer, list(place_of), title_tokens, cache),
            bodies=tokenise(tokenizer, [pair.body for pair in pairs], body_tokens, cache),
            title_N=np.array([place_of[pair.title] for pair in pairs], np.int64),
        )

    def __len__(self) -> int:
        return len(self.title_N)


def _table(path: Path, problems: Problems) -> NewsTable:
    return read_table(path, problems=problems)


def _placed(layout: str) -> Callable[[Path, Problems], NewsTable]:
    return lambda path, problems: read_table(path, PLACES[layout], problems)


def _mind(path: Path, problems: Problems) -> NewsTable:
    return mind.read_news(path / mind.NEWS if path.is_dir() else path, problems)


READERS: Final[Mapping[Layout, Callable[[Path, Problems], NewsTable]]] = {
    "table": _table,
    "mind": _mind,
    "msn-bodies": _placed("msn-bodies"),
    "ag-news": _placed("ag-news"),
}
