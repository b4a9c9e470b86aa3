"""When a write counts as kept.

``local``: when the server that took it says so. On a server whose append-only file is handed to
the operating system first (the embedded Valkey, or ``appendonly yes``), it outlives the death of
the process. What a failover to a replica loses is what had not yet been sent there: replication
is asynchronous.

``replicated``: when at least one replica says that it has it, too (``WAIT 1``, on the connection
of the write, so for every master of a Cluster by itself). Then no acknowledged write is lost when
one node dies, as long as the replica that is promoted is the one that is furthest: Sentinel and
Cluster choose so. Without any replica that answers within ``WAIT_MS``, writes are refused
(Unavailable); what was refused may have been written all the same.

The caller repeats what was refused. Every write may be repeated: an article, a withdrawal, an
erasure and a log entry say the same twice, an event with an ``event_id`` counts once; an event
without one counts again. ``WAIT`` waits for all that the server had written before it, so a
repeated write that changes nothing is not acknowledged either before a replica has the first.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal

from redis.exceptions import ResponseError

from service.adapters.redis.scripts import Command
from service.adapters.redis.terms import Terms
from service.errors import Unavailable

Durability = Literal["local", "replicated"]
WAIT_MS: Final = 1_000
_WAIT: Final[Command] = ("WAIT", 1, WAIT_MS)


def asked(commands: Sequence[Command], terms: Terms, durability: Durability) -> list[Command]:
    """The commands, and the question for a replica where these terms and the setting want it."""
    return [*commands, *([_WAIT] if terms.kept and durability == "replicated" else [])]


def confirmed(answers: list[Any], count: int) -> list[Any]:
    """The answers to ``count`` commands. Raises Unavailable where a replica was asked for and
    none has what was written.
    """
    waited = answers[count:]
    written = any(not isinstance(answer, ResponseError) for answer in answers[:count])
    if waited and written and not (isinstance(waited[0], int) and waited[0] >= 1):
        raise Unavailable("no replica of the state store has confirmed the write")
    return answers[:count]
