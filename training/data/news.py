"""A news table: what the logs say of each news item, by row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NewType

import numpy as np
import polars as pl
from numpy.typing import NDArray

NewsId = NewType("NewsId", str)
"""A news item's id in the log: the data set's own, not a row number."""
Rows = NDArray[np.int64]
"""Places in a news table, 0 to N - 1."""

COLUMNS: Final = (
    "news_id",
    "title",
    "abstract",
    "body",
    "category",
    "subcategory",
    "language",
    "sentiment",
    "entities",
)
FIELDS: Final = ("title", "abstract", "body", "category", "subcategory")
"""The columns that a text template may name (``model_store.text.FIELDS``)."""


@dataclass(frozen=True, eq=False)
class NewsTable:
    """News, one a row. ``frame`` holds ``COLUMNS`` as text, each id once; unknown is empty.

    ``entities`` are the types of the entities that the title names, each once, with blanks between.
    """

    frame: pl.DataFrame

    @classmethod
    def of(cls, frame: pl.DataFrame) -> "NewsTable":
        """The table of a frame that may lack columns, which are empty then. The first of each id
        counts.
        """
        columns = [
            pl.col(name).cast(pl.String).fill_null("") if name in frame.columns else pl.lit("")
            for name in COLUMNS
        ]
        chosen = frame.select(c.alias(name) for c, name in zip(columns, COLUMNS, strict=True))
        return cls(chosen.unique("news_id", keep="first", maintain_order=True))

    @classmethod
    def empty(cls) -> "NewsTable":
        """No news at all."""
        return cls.of(pl.DataFrame({"news_id": pl.Series([], dtype=pl.String)}))

    def __len__(self) -> int:
        return self.frame.height

    def __contains__(self, news_id: object) -> bool:
        return news_id in self._row_of

    @cached_property
    def ids(self) -> Sequence[NewsId]:
        """Every row's id."""
        return [NewsId(news_id) for news_id in self.frame["news_id"]]

    def column(self, name: str) -> list[str]:
        """One column's values."""
        return self.frame[name].to_list()

    def rows(self, news_ids: Iterable[NewsId]) -> Rows:
        """The rows of the ids. Raises KeyError for one that is not there."""
        return np.array([self._row_of[news_id] for news_id in news_ids], np.int64)

    def fields(self, rows: Rows | None = None) -> Iterator[Mapping[str, str | None]]:
        """The fields of each row, or of some, as a text template names them."""
        chosen = self.frame if rows is None else self.frame[rows]
        return chosen.select(FIELDS).iter_rows(named=True)

    def take(self, rows: Rows) -> "NewsTable":
        """Some rows, in the order given."""
        return NewsTable(self.frame[rows])

    def with_sentiment(self, sentiments: Mapping[NewsId, str]) -> "NewsTable":
        """The same news with these sentiments; those of other news stay."""
        there = zip(self.ids, self.column("sentiment"), strict=True)
        found = [sentiments.get(news_id, known) for news_id, known in there]
        return NewsTable(self.frame.with_columns(pl.Series("sentiment", found, pl.String)))

    def joined(self, other: "NewsTable") -> "NewsTable":
        """These news, then those of ``other`` whose ids are new. Rows here keep their numbers."""
        return NewsTable.of(pl.concat([self.frame, other.frame]))

    @cached_property
    def _row_of(self) -> dict[NewsId, int]:
        return {news_id: row for row, news_id in enumerate(self.ids)}
