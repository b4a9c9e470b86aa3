"""What is there afterwards of what was acknowledged: in the store, and in every process."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx

from bench.faults.fault import Kept, Stage
from bench.faults.ledger import WITHDRAWN, Edition, Ledger
from bench.faults.service import connection, each_worker
from bench.faults.traffic import STOCK, category, stock_id
from service.adapters.redis.connection import Connection

AGREE_SECONDS: Final = 20.0
LOOK_EVERY_SECONDS: Final = 0.05
AT_ONCE: Final = 4
MOST: Final = 1_000
T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """What an audit found. All is well where every number is 0."""

    articles_lost: int
    """Not in their last acknowledged edition."""
    withdrawals_lost: int
    clicks_lost: int
    clicks_doubled: int
    """Clicks that stand twice in a history, or that nobody made."""
    counters_off: float
    """By how much the counters differ from the clicks that are stored."""
    processes_off: int
    """Articles of which some process holds something else than the store, after a while."""
    agreed_after_seconds: float

    def broken(self, promised: frozenset[Kept]) -> list[str]:
        """What is wrong with it, given what was promised."""
        lost: dict[Kept, int] = {
            "articles": self.articles_lost,
            "withdrawals": self.withdrawals_lost,
            "clicks": self.clicks_lost,
        }
        wrong = [f"{number} {kind} lost" for kind, number in lost.items() if kind in promised]
        wrong.append(f"{self.clicks_doubled} clicks doubled")
        if "counters" in promised:
            wrong.append(f"{self.counters_off:g} counts off")
        wrong.append(f"{self.processes_off} articles not agreed on")
        return [said for said in wrong if not said.startswith("0 ")]


async def audit(stage: Stage) -> Found:
    """Look at everything that clients know of. Raises HTTPError where the service fails."""
    ledger = stage.ledger
    async with connection(stage.services[0]) as client:
        stored = await _stored(client, list(ledger.editions.keys() | ledger.doubtful.keys()))
        histories = await _histories(client, list(ledger.clicks | ledger.doubtful_clicks))
        stock = [stock_id(number) for number in range(STOCK)]
        stock_there = await _all(lambda each: client.get(f"/v1/articles/{each}"), stock)
    stock_lost = sum(answer.status_code != 200 for answer in stock_there)
    wrong = [a for a, edition in stored.items() if edition not in ledger.allowed(a)]
    back = [a for a in wrong if ledger.allowed(a) == {WITHDRAWN}]
    clicked = Counter(article for history in histories.values() for article in history)
    started = time.monotonic()
    off = await _until_none(lambda: _processes_off(stage, stored, STOCK - stock_lost))
    agreed = time.monotonic() - started
    return Found(
        articles_lost=len(wrong) - len(back) + stock_lost,
        withdrawals_lost=len(back),
        clicks_lost=_clicks_lost(ledger, histories),
        clicks_doubled=_clicks_doubled(ledger, histories),
        counters_off=await _until_none(lambda: _counters_off(stage, clicked)),
        processes_off=off,
        agreed_after_seconds=agreed,
    )


async def _stored(client: httpx.AsyncClient, articles: Sequence[str]) -> dict[str, Edition]:
    answers = await _all(lambda article_id: client.get(f"/v1/articles/{article_id}"), articles)
    found: dict[str, Edition] = {}
    for article_id, answer in zip(articles, answers, strict=True):
        if answer.status_code == 404:
            found[article_id] = WITHDRAWN
        else:
            said = answer.raise_for_status().json()["category"]
            found[article_id] = int(said.partition("-")[2])
    return found


async def _histories(client: httpx.AsyncClient, readers: Sequence[str]) -> dict[str, list[str]]:
    answers = await _all(lambda reader: client.get(f"/v1/users/{reader}"), readers)
    found: dict[str, list[str]] = {}
    for reader, answer in zip(readers, answers, strict=True):
        said = {"history": []} if answer.status_code == 404 else answer.raise_for_status().json()
        found[reader] = [click["article_id"] for click in said["history"]]
    return found


def _clicks_lost(ledger: Ledger, histories: Mapping[str, Sequence[str]]) -> int:
    return sum(
        article not in histories[reader]
        for reader, clicks in ledger.clicks.items()
        for article in clicks
    )


def _clicks_doubled(ledger: Ledger, histories: Mapping[str, Sequence[str]]) -> int:
    """Each reader clicks an article once."""
    made = {r: set(ledger.clicks[r]) | ledger.doubtful_clicks[r] for r in histories}
    return sum(
        len(history) - len(made[reader].intersection(history))
        for reader, history in histories.items()
    )


async def _counters_off(stage: Stage, clicked: Mapping[str, int]) -> float:
    """The hourly counters, read where the service keeps them: what is trending decays."""
    counted: Counter[str] = Counter()
    store = Connection(stage.url)
    try:
        await store.open()
        async for key in store.scan(b"ns:{popularity}:click:*"):
            pairs = await store.send("ZRANGE", key, 0, -1, "WITHSCORES")
            for article, amount in zip(pairs[::2], pairs[1::2], strict=True):
                counted[article.decode()] += float(amount)
    finally:
        await store.close()
    everything = counted.keys() | clicked.keys()
    return sum(abs(counted[a] - clicked.get(a, 0)) for a in everything)


async def _processes_off(stage: Stage, stored: Mapping[str, Edition], stock: int) -> int:
    """In how many articles the catalogue that differs most does so."""
    most = 0
    for service in stage.services:
        async with each_worker(service) as workers:
            for worker in workers:
                most = max(most, await _off(worker, stored, stock + stage.ledger.bulk))
    return most


async def _off(worker: httpx.AsyncClient, stored: Mapping[str, Edition], others: int) -> int:
    expected: dict[str, set[str]] = {}
    for article_id, edition in stored.items():
        for number in range((edition or 0) + 1):
            expected.setdefault(category(article_id, number), set())
        if edition is not WITHDRAWN:
            expected[category(article_id, edition)].add(article_id)
    off = 0
    for name, articles in expected.items():
        query = {"limit": MOST, "categories": name}
        answer = await worker.get(f"/v1/articles/{stock_id(0)}/similar", params=query)
        if answer.status_code == 404:
            return len(stored)
        shown = {item["article_id"] for item in answer.raise_for_status().json()["items"]}
        off += len(shown ^ articles)
    live = sum(edition is not WITHDRAWN for edition in stored.values()) + others
    return max(off, abs((await worker.get("/health/live")).json()["articles"] - live))


async def _until_none(look: Callable[[], Awaitable[T]]) -> T:
    """What is seen once it is 0, or in the end."""
    deadline = time.monotonic() + AGREE_SECONDS
    while (seen := await look()) and time.monotonic() < deadline:  # noqa: ASYNC110 - of other processes
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return seen


async def _all(ask: Callable[[str], Awaitable[Any]], names: Sequence[str]) -> list[Any]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> Any:
        async with turns:
            return await ask(name)

    return list(await asyncio.gather(*(one(name) for name in names)))
