"""The roster of models in Redis: one slot, and every decision one script."""

import time
import uuid
from collections.abc import Mapping
from typing import Final

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.terms import KEPT, WRITE
from service.models.roster import Asked, Coming, Failure, Report, Roster, Standing

GONE_AFTER_MS: Final = 3_000
HEARD_WITHIN_MS: Final = 1_000
"""Every process looks at the roster more often than this."""
PREVIOUS_STAYS_MS: Final = 86_400_000
_KEYS: Final = (keys.ROSTER, keys.ROSTER_PROCESSES, keys.ROSTER_DOOMED)


class RedisRosters:
    """The rosters' store, for one process."""

    def __init__(
        self,
        connection: Connection,
        *,
        gone_after_ms: int = GONE_AFTER_MS,
        heard_within_ms: int = HEARD_WITHIN_MS,
        previous_stays_ms: int = PREVIOUS_STAYS_MS,
    ) -> None:
        """A process unheard of for ``gone_after_ms`` is not waited for; each is given
        ``heard_within_ms`` to hear of a new model.
        """
        self._connection = connection
        self._process = uuid.uuid4().hex
        self._terms = (gone_after_ms, heard_within_ms, previous_stays_ms)

    async def read(self) -> Roster:
        """See ``models.roster.Rosters``."""
        held, doomed = await self._connection.send_all(
            [("HGETALL", keys.ROSTER), ("SMEMBERS", keys.ROSTER_DOOMED)]
        )
        said = {name.decode(): value.decode() for name, value in held.items()}
        return Roster(
            active=said.get("active"),
            previous=said.get("previous"),
            coming=_coming(said),
            failure=_failure(said),
            switches=int(said.get("switches", 0)),
            doomed=tuple(sorted(model.decode() for model in doomed)),
        )

    async def ask(self, model: str, active: str) -> Asked:
        """See ``models.roster.Rosters``."""
        answer = await self._connection.call("switch_model", _KEYS, model, active, terms=KEPT)
        said: Asked = answer.decode()
        return said

    async def roll_back(self) -> bool:
        """See ``models.roster.Rosters``."""
        return bool(await self._connection.call("roll_back_model", _KEYS, terms=KEPT))

    async def report(self, report: Report) -> Standing:
        """See ``models.roster.Rosters``."""
        model, why = report.failed or ("", "")
        ready = f" {' '.join(sorted(report.ready))} "
        leads, count, processes = await self._connection.call(
            "report_models", _KEYS, self._process, ready, model, why, *self._terms
        )
        return Standing(leads=bool(leads), ready=count, processes=processes)

    async def progress(self, model: str, done: int, total: int, *, encoded: bool = False) -> bool:
        """See ``models.roster.Rosters``."""
        said = await self._connection.call(
            "model_progress", [keys.ROSTER], self._process, model, done, total, int(encoded)
        )
        return bool(said)

    async def forgotten(self, model: str) -> None:
        """See ``models.roster.Rosters``."""
        await self._connection.send("SREM", keys.ROSTER_DOOMED, model, terms=WRITE)

    async def restore(self, roster: Roster) -> None:
        """See ``models.roster.Rosters``."""
        now_ms = str(int(time.time() * 1000))
        said = {"active": roster.active, "previous": roster.previous, "switched": now_ms}
        if roster.active is None:
            return
        await self._connection.send_all(
            [("HSETNX", keys.ROSTER, name, model) for name, model in said.items() if model],
            terms=WRITE,
        )


def _coming(said: Mapping[str, str]) -> Coming | None:
    if "coming" not in said:
        return None
    return Coming(said["coming"], said["encoded"] == "1", int(said["done"]), int(said["total"]))


def _failure(said: Mapping[str, str]) -> Failure | None:
    if "failed" not in said:
        return None
    return Failure(said["failed"], said["failed_why"], int(said["failed_at"]) / 1000)
