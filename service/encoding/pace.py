"""How fast a model encodes, as it was seen to."""

from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from model_store.inputs import NewsInputs

REMEMBERED: Final = 0.9
"""What is left of a measurement's weight after the next one."""


@dataclass(slots=True)
class Pace:
    """One model's pace: estimates that follow what is measured, the latest the most. Safe to share
    by threads.
    """

    most_tokens: int
    """No text has more: the rest of it is not read."""
    _tokens: float = 0.0
    _seconds: float = 0.0
    _read_characters: float = 4.0
    _read_tokens: float = 1.0
    _lock: Lock = field(default_factory=Lock)

    def ran(self, tokens: int, seconds: float) -> None:
        """A batch of so many tokens took one thread so long."""
        with self._lock:
            self._tokens = REMEMBERED * self._tokens + tokens
            self._seconds = REMEMBERED * self._seconds + seconds

    def read(self, characters: int, tokens: int) -> None:
        """So many characters were so many tokens."""
        with self._lock:
            self._read_characters = REMEMBERED * self._read_characters + characters
            self._read_tokens = REMEMBERED * self._read_tokens + tokens

    def seconds(self, tokens: int) -> float:
        """How long so many tokens will take one thread; 0 while nothing has been measured."""
        with self._lock:
            return tokens * self._seconds / self._tokens if self._tokens else 0.0

    def tokens(self, news: NewsInputs) -> int:
        """How many tokens the news will be."""
        with self._lock:
            estimate = characters(news) * self._read_tokens / self._read_characters
        return max(1, min(round(estimate), self.most_tokens))


def characters(news: NewsInputs) -> int:
    """How long the news is."""
    return len(news.text) + len(news.abstract)
