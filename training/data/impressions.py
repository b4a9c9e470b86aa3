"""An impression log: who was shown what when, after reading what, and what they clicked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from training.data.news import NewsId, NewsTable
from training.data.ragged import Int64, Ragged

Times = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Impression:
    """One list of news shown to a reader, by the log's own ids."""

    impression_id: str
    user_id: str
    time: datetime
    """In the log's own time zone, which MIND does not state."""
    history: tuple[NewsId, ...]
    """What the reader had clicked before, oldest first, repeats kept."""
    candidates: tuple[NewsId, ...]
    labels: tuple[int, ...]
    """1 for a clicked candidate, 0 for one that was not, in the candidates' order."""


@dataclass(frozen=True, eq=False)
class ImpressionLog:
    """I impressions as flat arrays over a news table."""

    news: NewsTable
    ids: Sequence[str]
    users: Sequence[str]
    """Each impression's reader (I)."""
    times: Times
    """(I,) in seconds, in the log's own time zone."""
    history: Ragged
    """Rows of the news clicked before, oldest first, repeats kept."""
    candidates: Ragged
    """Rows of the news shown."""
    labels: NDArray[np.int8]
    """1 for clicked, parallel to ``candidates.values``."""

    @classmethod
    def of(cls, news: NewsTable, impressions: Sequence[Impression]) -> "ImpressionLog":
        """The log of single impressions. Raises KeyError for a news id that is not in ``news``."""
        return cls(
            news=news,
            ids=[impression.impression_id for impression in impressions],
            users=[impression.user_id for impression in impressions],
            times=np.array([i.time for i in impressions], "datetime64[s]"),
            history=Ragged.of([news.rows(i.history) for i in impressions]),
            candidates=Ragged.of([news.rows(i.candidates) for i in impressions]),
            labels=np.array([label for i in impressions for label in i.labels], np.int8),
        )

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, position: int) -> Impression:
        ids = self.news.ids
        labels = self.labels_of(position)
        return Impression(
            self.ids[position],
            self.users[position],
            self.times[position].astype(datetime),
            tuple(ids[row] for row in self.history[position]),
            tuple(ids[row] for row in self.candidates[position]),
            tuple(labels.tolist()),
        )

    def __iter__(self) -> Iterator[Impression]:
        return map(self.__getitem__, range(len(self)))

    def labels_of(self, position: int) -> NDArray[np.int8]:
        """One impression's labels."""
        starts = self.candidates.starts
        return self.labels[starts[position] : starts[position + 1]]

    def take(self, positions: Int64) -> "ImpressionLog":
        """Some impressions, in the order given."""
        return ImpressionLog(
            news=self.news,
            ids=[self.ids[position] for position in positions.tolist()],
            users=[self.users[position] for position in positions.tolist()],
            times=self.times[positions],
            history=self.history.take(positions),
            candidates=self.candidates.take(positions),
            labels=self.labels[self.candidates.places(positions)],
        )

    def seen(self) -> Int64:
        """The rows that any impression names, each once, in ascending order."""
        named = np.zeros(len(self.news), np.bool_)
        named[self.history.values] = named[self.candidates.values] = True
        return np.flatnonzero(named)

    @property
    def clicks(self) -> Ragged:
        """The rows of what each impression's reader clicked."""
        clicked = self.labels == 1
        impression = np.repeat(np.arange(len(self)), self.candidates.lengths)
        return Ragged.of_groups(self.candidates.values[clicked], impression[clicked], len(self))
