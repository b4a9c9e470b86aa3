"""What sources yield: records, each an article or the reason why it is none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol

from service.importing.errors import UnsoundRecord

Fields = dict[str, Any]
"""An article's fields, as they go out in JSON."""
Args = ParamSpec("Args")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record is no article."""

    detail: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record: where it stands (``news.tsv:17``), what it holds, and how far into the source
    it lies (0 to 1).
    """

    place: str
    content: Fields | Problem
    share: float

    @classmethod
    def of(
        cls,
        place: str,
        share: float,
        read: Callable[Args, Fields],
        *args: Args.args,
        **kwargs: Args.kwargs,
    ) -> "Record":
        """The record that ``read`` makes of its arguments; its UnsoundRecord is a Problem."""
        try:
            return cls(place, read(*args, **kwargs), share)
        except UnsoundRecord as error:
            return cls(place, Problem(str(error)), share)


class Source(Protocol):
    """Where articles come from."""

    def records(self) -> Iterator[Record]:
        """The records, in the same order at every call, read as they are asked for.

        Raises SourceError where the source cannot be read at all.
        """
        ...
