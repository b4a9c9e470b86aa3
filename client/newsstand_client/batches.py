"""Long lists, sent a batch at a time; and what became of their items."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from newsstand_client.message import Answer, Problem, Sent, as_json

MOST_ITEMS: Final = 1_000
"""What the service takes in one request."""
MOST_BYTES: Final = 4_000_000
"""An article that alone is larger goes alone."""


class Result(Answer):
    """What became of one item; ``error`` says why it was ``rejected``."""

    status: str
    article_id: str | None = None
    error: Problem | None = None


class Batch(Answer):
    """A result for each item, in order. ``accepted`` counts all but the rejected."""

    accepted: int
    rejected: int
    results: tuple[Result, ...]

    def refusals(self) -> list[tuple[int, Problem]]:
        """The rejected items by their place in what was sent, and why."""
        return [(place, one.error) for place, one in enumerate(self.results) if one.error]


def bodies(items: Iterable[Sent]) -> Iterator[bytes]:
    """All items, in order, as JSON arrays that the service takes in one request each."""
    waiting: list[bytes] = []
    used = 0
    for item in items:
        text = as_json(item)
        if waiting and (len(waiting) == MOST_ITEMS or used + len(text) > MOST_BYTES):
            yield _array(waiting)
            waiting, used = [], 0
        waiting.append(text)
        used += len(text) + 1
    if waiting:
        yield _array(waiting)


def together(answers: Sequence[bytes]) -> Batch:
    """The answers to several requests as one. Raises ValueError for what is no such answer."""
    parts = [Batch.model_validate_json(answer) for answer in answers]
    return Batch(
        accepted=sum(part.accepted for part in parts),
        rejected=sum(part.rejected for part in parts),
        results=tuple(result for part in parts for result in part.results),
    )


def _array(texts: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(texts) + b"]"
