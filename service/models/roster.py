"""Which models are active, coming and previous: what all processes on one state store agree on."""

from dataclasses import dataclass
from typing import Literal, Protocol

Asked = Literal["active", "coming", "busy"]
"""What became of the wish for a model: it is active (by now), it is coming, or another is."""


@dataclass(frozen=True, slots=True)
class Coming:
    """A model on its way. ``encoded``: every stored article has its vector; until then, ``done``
    of about ``total`` have.
    """

    model: str
    encoded: bool
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the last model that was to come did not."""

    model: str
    reason: str
    at: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Roster:
    """Models by reference. ``active`` is None until a model was asked for: each process then
    serves what its settings say.
    """

    active: str | None = None
    previous: str | None = None
    coming: Coming | None = None
    failure: Failure | None = None
    switches: int = 0
    """How often the active model has changed."""
    doomed: tuple[str, ...] = ()
    """Models whose vectors are to be removed."""

    @property
    def open(self) -> tuple[str, ...]:
        """The models to keep open beside the active one."""
        coming = () if self.coming is None else (self.coming.model,)
        return (*coming, *filter(None, (self.previous,)))


@dataclass(frozen=True, slots=True)
class Report:
    """What a process says of itself: the models that it could answer with at once, and what it
    could not open, with the reason.
    """

    ready: frozenset[str] = frozenset()
    failed: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a report was answered with. ``leads``: this process does what one has to do for all."""

    leads: bool
    ready: int
    """How many of ``processes``, those heard of lately, are ready for the model that is coming."""
    processes: int


class Rosters(Protocol):
    """The roster in the state store. Every call raises Unavailable where that does not answer."""

    async def read(self) -> Roster:
        """The roster as it stands."""
        ...

    async def ask(self, model: str, active: str) -> Asked:
        """Wish for a model; ``active`` is what this process serves. The previous one is active
        at once. To wish for the active one is to stay: what is coming is dropped.
        """
        ...

    async def roll_back(self) -> bool:
        """Make the previous model active and the active one previous; drop what is coming. False
        if there is no previous one.
        """
        ...

    async def report(self, report: Report) -> Standing:
        """Say how this process stands. If with it all are ready for the model that is coming, it
        is active from now on; if it cannot be opened here, it is not coming any more.
        """
        ...

    async def progress(self, model: str, done: int, total: int, *, encoded: bool = False) -> bool:
        """Say how far the encoding is. False if that is not this process's to say: the model is not
        coming any more, all of it is encoded, or another process leads.
        """
        ...

    async def forgotten(self, model: str) -> None:
        """The model's vectors are removed."""
        ...

    async def restore(self, roster: Roster) -> None:
        """Give a store that has lost its roster this one."""
        ...
