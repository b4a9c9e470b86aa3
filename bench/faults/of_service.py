"""Faults of the service's own processes."""

import os
import random
import signal
from typing import Final

from bench.faults.fault import Fault, Stage
from bench.faults.stages import embedded


async def the_service(stage: Stage, rng: random.Random) -> None:
    """Its Valkey goes on without it, until the next start takes the data folder over."""
    stage.services[0].kill()
    stage.services[0].launch()


async def a_worker(stage: Stage, rng: random.Random) -> None:
    """The supervisor replaces it."""
    os.kill(rng.choice(stage.services[0].worker_pids()), signal.SIGKILL)


async def the_supervisor(stage: Stage, rng: random.Random) -> None:
    """Its workers end when they notice, and the port is free again."""
    stage.services[0].kill()
    stage.services[0].launch()


async def the_embedded_valkey(stage: Stage, rng: random.Random) -> None:
    """Whoever has it starts it again."""
    os.kill(stage.services[0].valkey_pid(), signal.SIGKILL)


async def both(stage: Stage, rng: random.Random) -> None:
    """As when the machine's memory runs out."""
    valkey = stage.services[0].valkey_pid()
    stage.services[0].kill()
    os.kill(valkey, signal.SIGKILL)
    stage.services[0].launch()


ONE: Final = "one service, embedded Valkey"
TWO: Final = "two workers, embedded Valkey"
FAULTS: Final = (
    Fault("service killed", ONE, embedded(), the_service),
    Fault("one worker killed", TWO, embedded(workers=2), a_worker),
    Fault("supervisor killed", TWO, embedded(workers=2), the_supervisor),
    Fault("embedded Valkey killed", ONE, embedded(), the_embedded_valkey),
    Fault("embedded Valkey of two workers killed", TWO, embedded(workers=2), the_embedded_valkey),
    Fault("service and Valkey killed at once", ONE, embedded(), both),
)
