"""Clients that write and read without pause, and remember what they were told.

A writer repeats what was refused or not answered until it is acknowledged, as a client should,
only sooner than ``Retry-After`` asks, so that the first moment is seen at which writes are taken.
"""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from bench.faults.fault import Stage
from bench.faults.ledger import NO_ANSWER, WITHDRAWN, Asked, Edition, Ledger, What
from bench.faults.service import Service, connection

STOCK: Final = 40
"""Articles that are there from the beginning and never change: those that readers click."""
CLICKS_OF_A_READER: Final = 30
WRITERS, CLICKERS, READERS = 2, 2, 2
WRITTEN_EVERY_SECONDS: Final = 0.02
READ_EVERY_SECONDS: Final = 0.02
REPEATED_AFTER_SECONDS: Final = 0.1
SPREAD_SECONDS: Final = 1.0
"""So soon every process knows a withdrawal."""
ANSWER_SECONDS: Final = 10.0


def stock_id(number: int) -> str:
    """The id of an article that is there from the beginning."""
    return f"stock{number}"


def category(article_id: str, edition: int) -> str:
    """What an edition is known by in a catalogue: few enough share it to be listed at once."""
    return f"{int(article_id.removeprefix('a')) // 500}-{edition}"


async def stocked(service: Service) -> None:
    """Fill the service with what readers click. Raises HTTPStatusError."""
    titles = [f"Harbour story number {number} of the day" for number in range(STOCK)]
    batch = [
        {"article_id": stock_id(number), "title": title, "category": "stock"}
        for number, title in enumerate(titles)
    ]
    async with connection(service) as client:
        (await client.post("/v1/articles", json=batch)).raise_for_status()


@asynccontextmanager
async def traffic(stage: Stage, rng: random.Random) -> AsyncIterator[None]:
    """Traffic while the block runs; afterwards every write is acknowledged."""
    over = asyncio.Event()
    crowd = _Crowd(stage, random.Random(rng.random()), over)
    async with asyncio.TaskGroup() as group:
        for writer in range(WRITERS):
            group.create_task(crowd.writes(stage.services[writer % len(stage.services)]))
        for clicker in range(CLICKERS):
            group.create_task(crowd.clicks(stage.services[clicker % len(stage.services)]))
        for _ in range(READERS):
            group.create_task(crowd.reads())
        try:
            yield
        finally:
            over.set()


class _Crowd:
    def __init__(self, stage: Stage, rng: random.Random, over: asyncio.Event) -> None:
        self._services = stage.services
        self._ledger: Ledger = stage.ledger
        self._rng = rng
        self._over = over
        self._latest_readers: list[str] = []
        one = sum(service.workers for service in stage.services) == 1
        self._spread_seconds = 0.0 if one else SPREAD_SECONDS

    async def writes(self, service: Service) -> None:
        """Put, replace and withdraw articles of one writer's own."""
        own: list[str] = []
        async with connection(service, ANSWER_SECONDS) as client:
            while not self._over.is_set():
                dice = self._rng.random()
                if not own or dice < 0.6:
                    own.append(f"a{next(self._ledger.numbers)}")
                    await self._write(client, own[-1], 0)
                elif dice < 0.85:
                    article_id = self._rng.choice(own)
                    edition = self._ledger.editions[article_id]
                    await self._write(client, article_id, (edition or 0) + 1)
                else:
                    await self._write(client, self._rng.choice(own), WITHDRAWN)
                await asyncio.sleep(WRITTEN_EVERY_SECONDS)

    async def clicks(self, service: Service) -> None:
        """Click the stock, one reader after the other."""
        async with connection(service, ANSWER_SECONDS) as client:
            while not self._over.is_set():
                reader = f"u{next(self._ledger.numbers)}"
                self._latest_readers = [*self._latest_readers[-3:], reader]
                for number in range(CLICKS_OF_A_READER):
                    await self._click(client, reader, stock_id(number))
                    await asyncio.sleep(WRITTEN_EVERY_SECONDS)
                    if self._over.is_set():
                        return

    async def reads(self) -> None:
        """Ask every service in turn, each time for something else."""
        clients = [connection(service, ANSWER_SECONDS) for service in self._services]
        try:
            for client in itertools.cycle(clients):
                for ask in (self._recommend, self._rank, self._recommend, self._similar):
                    answered = await ask(client)
                    await asyncio.sleep(READ_EVERY_SECONDS if answered else REPEATED_AFTER_SECONDS)
                    if self._over.is_set():
                        return
        finally:
            for client in clients:
                await client.aclose()

    async def _write(self, client: httpx.AsyncClient, article_id: str, edition: Edition) -> None:
        path = f"/v1/articles/{article_id}"
        self._ledger.sends(article_id, edition)
        if edition is WITHDRAWN:
            await self._until_acknowledged(client, "withdraw", "DELETE", path, None)
        else:
            body = {
                "title": f"Edition {edition} of the news from harbour {article_id}",
                "category": category(article_id, edition),
            }
            await self._until_acknowledged(client, "put", "PUT", path, body)
        self._ledger.holds(article_id, edition)

    async def _click(self, client: httpx.AsyncClient, reader: str, article_id: str) -> None:
        event_id = f"{reader}-{article_id}"
        event = {"user_id": reader, "article_id": article_id, "type": "click"}
        self._ledger.sends_click(reader, article_id)
        body = [{**event, "event_id": event_id}]
        await self._until_acknowledged(client, "click", "POST", "/v1/events", body)
        self._ledger.holds_click(reader, article_id, event_id)

    async def _until_acknowledged(
        self, client: httpx.AsyncClient, what: What, method: str, path: str, body: object
    ) -> None:
        while True:
            sent = time.monotonic()
            answer = await _answer(client, method, path, body)
            status = NO_ANSWER if answer is None else answer.status_code
            if what == "click" and status == 200 and answer is not None:
                status = 200 if answer.json()["rejected"] == 0 else 422
            asked = Asked(what, sent, time.monotonic(), status)
            self._ledger.asked.append(asked)
            if asked.acknowledged:
                return
            await asyncio.sleep(REPEATED_AFTER_SECONDS)

    async def _recommend(self, client: httpx.AsyncClient) -> bool:
        reader = self._rng.choice(self._latest_readers or ["nobody"])
        clicked = set(self._ledger.clicks[reader])
        body = {"user_id": reader, "limit": 100}
        return await self._read(client, "recommend", "POST", "/v1/recommend", body, clicked)

    async def _rank(self, client: httpx.AsyncClient) -> bool:
        reader = self._rng.choice(self._latest_readers or ["nobody"])
        gone = sorted(self._ledger.gone_since(time.monotonic()))[-20:]
        candidates = [stock_id(number) for number in range(STOCK)] + gone
        body = {"user_id": reader, "candidate_article_ids": candidates}
        return await self._read(client, "rank", "POST", "/v1/rank", body, set())

    async def _similar(self, client: httpx.AsyncClient) -> bool:
        path = f"/v1/articles/{stock_id(self._rng.randrange(STOCK))}/similar?limit=100"
        return await self._read(client, "similar", "GET", path, None, set())

    async def _read(
        self,
        client: httpx.AsyncClient,
        what: What,
        method: str,
        path: str,
        body: object,
        clicked: set[str],
    ) -> bool:
        sent = time.monotonic()
        gone = self._ledger.gone_since(sent - self._spread_seconds)
        answer = await _answer(client, method, path, body)
        status = NO_ANSWER if answer is None else answer.status_code
        said: dict[str, Any] = {} if answer is None or status != 200 else answer.json()
        without_state = "state_unavailable" in said.get("degraded", ())
        shown = [item["article_id"] for item in said.get("items", ())]
        still_gone = gone & self._ledger.gone_since(sent)
        wrong = _wrong(shown, still_gone, set() if without_state else clicked)
        asked = Asked(what, sent, time.monotonic(), status, without_state, wrong)
        self._ledger.asked.append(asked)
        return status != NO_ANSWER


def _wrong(shown: Sequence[str], gone: set[str], clicked: set[str]) -> tuple[str, ...]:
    found = {
        "withdrawn": bool(gone.intersection(shown)),
        "clicked": bool(clicked.intersection(shown)),
        "repeated": len(set(shown)) < len(shown),
    }
    return tuple(name for name, so in found.items() if so)


async def _answer(
    client: httpx.AsyncClient, method: str, path: str, body: object
) -> httpx.Response | None:
    try:
        return await client.request(method, path, json=body)
    except httpx.TransportError:
        return None
