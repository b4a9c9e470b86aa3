"""One run: clients at work, a fault at a random moment, recovery, and an audit."""

import asyncio
import itertools
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.faults.audit import Found, audit
from bench.faults.fault import Fault, Stage
from bench.faults.ledger import NO_ANSWER, Asked
from bench.faults.traffic import traffic

BEFORE_SECONDS: Final = (1.0, 2.0)
AFTER_SECONDS: Final = 0.5
RECOVERY_SECONDS: Final = 90.0
RUN_SECONDS: Final = 240.0
POLL_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Run:
    """What one run gave; moments in seconds of ``time.monotonic``."""

    asked: Sequence[Asked]
    struck: float
    over: float
    """When the operator's part was done."""
    recovered: float
    """When every process was ready, and every writer had written since."""
    found: Found
    broken: tuple[str, ...]
    """What was promised and not so."""

    @property
    def writes(self) -> list[Asked]:
        """Of what was asked."""
        return [asked for asked in self.asked if asked.is_write]

    @property
    def reads(self) -> list[Asked]:
        """Of what was asked."""
        return [asked for asked in self.asked if not asked.is_write]

    @property
    def without_writes_seconds(self) -> float:
        """The longest time in which nothing was acknowledged."""
        moments = sorted(asked.answered for asked in self.writes if asked.acknowledged)
        pairs = itertools.pairwise(moments)
        return max((after - before for before, after in pairs), default=0.0)


async def run(fault: Fault, stage: Stage, rng: random.Random) -> Run:
    """Strike once. The stage is whole again afterwards. Raises TimeoutError, HTTPError, also in
    an ExceptionGroup."""
    first = len(stage.ledger.asked)
    async with asyncio.timeout(RUN_SECONDS):
        async with traffic(stage, rng):
            await _writing(stage, since=time.monotonic())
            await asyncio.sleep(rng.uniform(*BEFORE_SECONDS))
            struck = time.monotonic()
            await fault.strike(stage, rng)
            over = time.monotonic()
            await _recovery(stage)
            recovered = time.monotonic()
            await asyncio.sleep(AFTER_SECONDS)
        asked = tuple(stage.ledger.asked[first:])
        found = await audit(stage)
    broken = (*found.broken(fault.promised), *_seen_wrong(fault, asked))
    return Run(asked, struck, over, recovered, found, broken)


async def _recovery(stage: Stage) -> None:
    async with asyncio.timeout(RECOVERY_SECONDS):
        for service in stage.services:
            await service.ready()
        await _writing(stage, since=time.monotonic())


async def _writing(stage: Stage, since: float) -> None:
    """Wait until an article, and a click, that was sent since then is acknowledged."""
    while not _written(stage, since):  # noqa: ASYNC110 - the ledger sends no event
        await asyncio.sleep(POLL_SECONDS)


def _written(stage: Stage, moment: float) -> bool:
    since = [asked for asked in stage.ledger.asked[-1_000:] if asked.sent > moment]
    done = {asked.what for asked in since if asked.acknowledged}
    return "click" in done and bool(done & {"put", "withdraw"})


def _seen_wrong(fault: Fault, asked: Sequence[Asked]) -> list[str]:
    """Where clicks are lost, they cannot be left out of lists either."""
    lost = "clicks" not in fault.promised
    wrong = [name for one in asked for name in one.wrong if not (lost and name == "clicked")]
    said = [f"{wrong.count(name)} lists with something {name}" for name in sorted(set(wrong))]
    failed = [one for one in asked if one.status not in (NO_ANSWER, 200, 201, 204, 503)]
    said += [f"{one.what} answered {one.status}" for one in failed]
    refused = sum(not one.is_write and one.status == 503 for one in asked)
    return [*said, *([f"{refused} reads refused"] if refused else [])]
