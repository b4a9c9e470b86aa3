"""On which terms a command is sent: how long it may take, and what its answer promises."""

from dataclasses import dataclass, replace
from typing import Final, Literal, Self

Lane = Literal["reading", "working", "following"]


@dataclass(frozen=True, slots=True)
class Terms:
    """``seconds``: the time from the wish for a connection to the answer."""

    seconds: float
    lane: Lane = "working"
    """Whose connections are used, so that nothing waits behind another kind of work."""
    writes: bool = False
    """Refused while the store is not the one that this newsstand knows."""
    kept: bool = False
    """Acknowledged to a client: with ``replicated`` durability only once a replica has it."""

    @property
    def prompt(self) -> bool:
        """Whether somebody waits for a page: better no answer than a late one."""
        return self.lane == "reading"

    def waiting(self, wait_ms: int) -> Self:
        """The terms of a command that blocks for so long by itself."""
        return replace(self, seconds=self.seconds + wait_ms / 1000, lane="following")


PROMPT_SECONDS: Final = 0.040
ANSWER_SECONDS: Final = 5.0

PROMPT: Final = Terms(PROMPT_SECONDS, "reading")
"""A read that a recommendation waits for."""
READ: Final = Terms(ANSWER_SECONDS)
WRITE: Final = Terms(ANSWER_SECONDS, writes=True)
"""A write that can be made again: vectors beside histories, served lists, counters."""
KEPT: Final = Terms(ANSWER_SECONDS, writes=True, kept=True)
"""A write that is acknowledged: articles, withdrawals, the article log, events, erasures."""
