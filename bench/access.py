"""What it costs to check an API key, in microseconds of a request."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

import numpy as np
from prometheus_client import CollectorRegistry, Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.machine import describe
from service.api.access import Access
from service.domain.api_key import Keyring, KeyScope, new_key
from service.domain.doorkeeper import Doorkeeper

KEYS: Final = 1_000
CALLS: Final = 20_000
TURNS: Final = 5


def main() -> None:
    """Measure and print."""
    shown, kept = zip(
        *(new_key(f"key-{n}", KeyScope, None, datetime.now(UTC)) for n in range(KEYS)), strict=True
    )
    keyring = Keyring(keys=kept)
    refused = Counter("refused", "Refused", ("reason",), registry=CollectorRegistry())
    doors = {
        "no keys": None,
        f"one of {KEYS} keys": Doorkeeper(lambda: keyring, None, 1),
        "and a rate": Doorkeeper(lambda: keyring, 1e9, 1),
    }
    print(describe())
    for name, doorkeeper in doors.items():
        app = Access(_nothing, doorkeeper, refused)
        spent = asyncio.run(_microseconds(app, shown[0]))
        print(f"{name:20}{spent:6.2f} µs")


async def _microseconds(app: ASGIApp, shown: str) -> float:
    headers = [(b"host", b"x"), (b"content-type", b"application/json"), (b"content-length", b"40")]
    headers.append((b"authorization", f"Bearer {shown}".encode()))
    scope = {"type": "http", "method": "POST", "path": "/v1/recommend", "headers": headers}
    turns = []
    for _ in range(TURNS):
        started = time.process_time()
        for _ in range(CALLS):
            await app(scope, _receive, _send)
        turns.append((time.process_time() - started) / CALLS * 1e6)
    return float(np.median(turns))


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that does nothing."""


async def _receive() -> Message:
    return {"type": "http.disconnect"}


async def _send(message: Message) -> None:
    raise AssertionError(f"refused: {message}")


if __name__ == "__main__":
    main()
