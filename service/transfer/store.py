"""What an export asks of a store, and an import."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from service.transfer.records import Kind, Record


@dataclass(frozen=True, slots=True)
class Name:
    """One thing that is stored: what kind of record it belongs to, and to which (``owner``);
    ``detail`` tells apart what belongs to the same.
    """

    kind: Kind
    owner: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record to read, and the details that it is known to have."""

    owner: str
    details: tuple[str, ...] = ()


class StateSource(Protocol):
    """A store to export. Every call raises Unavailable where it does not answer."""

    async def settle(self) -> None:
        """Have everything counted that happened before this call."""
        ...

    def names(self) -> AsyncIterator[Name]:
        """Everything stored, in no order, some perhaps twice; what comes or goes meanwhile may be
        missing.
        """
        ...

    async def read(self, kind: Kind, wanted: Sequence[Wanted]) -> list[Record]:
        """The records, in order, each as it stood at one moment; none for what is gone."""
        ...


class StateSink(Protocol):
    """A store to import into. Every call raises Unavailable where it does not answer."""

    async def is_empty(self) -> bool:
        """Whether it holds no article, reader or counter."""
        ...

    async def write(self, records: Sequence[Record]) -> None:
        """Store the records, each whole, unless the store holds as new a one; durable, and told
        to every process, when this returns. Writing a record twice changes nothing.
        """
        ...

    async def imported(self, export_id: str) -> int | None:
        """How many records of this export the store is known to hold; None: no import was begun."""
        ...

    async def remember_imported(self, export_id: str, records: int) -> None:
        """Remember for a week that the first ``records`` records are written."""
        ...
