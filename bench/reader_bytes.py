"""What a reader costs in the state store: 50 clicks, a 384-dimensional vector, ids of 8 characters.

Written through the service's own adapters into a real Valkey. ``MEMORY USAGE`` counts a key's name,
value and place in the table, all values sampled; the growth of ``used_memory`` over all readers
tells what that leaves out (the table of expiries, the allocator).
"""

import argparse
import asyncio
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.machine import describe
from bench.state import BATCH, CLICKS, article_id, reader_id
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders
from service.adapters.redis.terms import WRITE
from service.domain.event import Event, EventType
from service.domain.fields import UserId
from service.domain.served import ServedList
from service.ports import Vectors

DIMENSION = 384
ARTICLES = 1_000_000
MOST = 2_400
TEN_MILLION = 10_000_000
OUT = Path("bench/out/reader_bytes.json")


@dataclass(frozen=True)
class Size:
    """How much else is stored of a reader, besides the history."""

    marks: int
    shown: int
    event_ids: int
    served: int
    variants: int


TYPICAL = Size(marks=20, shown=30, event_ids=60, served=3, variants=1)
FULL = Size(marks=1_000, shown=200, event_ids=200, served=20, variants=5)


def main() -> None:
    """Measure, print the table and the arithmetic, and write ``bench/out/reader_bytes.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedValkey(Path(folder)) as valkey:
        figures = asyncio.run(measure(valkey.url, options.readers))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": describe(), "readers": options.readers, **figures}, indent=2)
    OUT.write_text(text + "\n")
    _say(figures)


async def measure(url: str, readers: int) -> dict[str, dict[str, float]]:
    """Mean bytes of each kind of key and the growth of the server's memory, a reader."""
    connection = Connection(url)
    await connection.open()
    store = RedisReaders(
        connection, model="news-encoder@1", history_length=CLICKS, reader_seconds=180 * 86_400
    )
    rng = np.random.default_rng(7)
    await fill(store, rng, 0, BATCH)  # what grows once, such as streams and tables, has grown
    before = await _used(connection)
    await fill(store, rng, BATCH, readers)
    grown = await _used(connection) - before
    figures = {"history and vector": await usage(connection, range(BATCH, BATCH + readers))}
    figures["history and vector"]["used_memory"] = round(grown / readers, 1)
    for name, size in (("typical", TYPICAL), ("full", FULL)):
        first = {"typical": 20_000_000, "full": 21_000_000}[name]
        few = range(first, first + 50)
        for number in few:
            await enrich(store, rng, number, size)
        figures[name] = await usage(connection, few)
    await connection.close()
    return figures


async def fill(store: RedisReaders, rng: np.random.Generator, first: int, count: int) -> None:
    """Store ``count`` readers of 50 clicks, and their vectors."""
    for number in range(first, first + count):
        await _record(store, number, "click", rng.integers(ARTICLES, size=CLICKS).tolist())
        await _remember_vector(store, number, rng)


async def enrich(store: RedisReaders, rng: np.random.Generator, number: int, size: Size) -> None:
    """Store a reader with everything that a reader can have."""
    drawn = rng.permutation(ARTICLES)[: size.marks + size.shown + CLICKS + 20].tolist()
    hidden, drawn = drawn[: size.marks], drawn[size.marks :]
    shown, clicked = drawn[: size.shown], drawn[size.shown : size.shown + CLICKS]
    now = int(time.time() * 1000)
    for place in range(size.served):
        ids = tuple(article_id(one) for one in drawn[-20:])
        variant = place % size.variants
        name = f"{rng.integers(1 << 62):032x}"
        served = ServedList(name, now - place, "default", f"test-{variant}", "control", ids)
        store.remember_served(UserId(reader_id(number)), served)
        await store.flush()
        seen = [drawn[-20]]
        await _record(store, number, "impression", seen, recommendation=name)
    await _record(store, number, "hide", hidden)
    await _record(store, number, "impression", shown)
    await _record(store, number, "click", clicked, event_ids=0)
    await _record(store, number, "like", hidden[:1] * size.event_ids, event_ids=1)
    await _remember_vector(store, number, rng)


async def _record(
    store: RedisReaders,
    number: int,
    kind: EventType,
    articles: list[int],
    *,
    recommendation: str | None = None,
    event_ids: int = 0,
) -> None:
    events = [
        Event(
            user_id=reader_id(number),
            article_id=article_id(one),
            type=kind,
            recommendation_id=recommendation,
            event_id=f"e{place}" if event_ids else None,
        )
        for place, one in enumerate(articles)
    ]
    await store.record(events, int(time.time() * 1000))


async def _remember_vector(store: RedisReaders, number: int, rng: np.random.Generator) -> None:
    user_id = UserId(reader_id(number))
    vector: Vectors = rng.standard_normal(DIMENSION).astype(np.float16)
    await store.remember_vector(user_id, (await store.read(user_id)).version, vector)


async def usage(connection: Connection, numbers: range) -> dict[str, float]:
    """Mean ``MEMORY USAGE`` of each kind of key, over the readers of these numbers."""
    names = [keys.reader(UserId(reader_id(number))) for number in numbers]
    answers = await connection.send_all(
        ("MEMORY", "USAGE", key, "SAMPLES", 0) for of_reader in names for key in of_reader
    )
    kinds = [key.split(":")[1] for key in names[0]]
    means = {
        kind: sum(held or 0 for held in answers[place :: len(kinds)]) / len(names)
        for place, kind in enumerate(kinds)
    }
    return {kind: round(mean, 1) for kind, mean in means.items() if mean}


async def _used(connection: Connection) -> int:
    """The server's memory without what waits to be counted, which no reader keeps."""
    for partition in range(keys.READER_PARTITIONS):
        await connection.send("DEL", keys.outbox(partition), terms=WRITE)
    memory = await connection.send("INFO", "memory")
    return int(memory["used_memory"])


def held(figures: dict[str, float]) -> float:
    """What the design counts: history and history vector."""
    return figures["history"] + figures["reader-vector"]


def _say(figures: dict[str, dict[str, float]]) -> None:
    for name, of_keys in figures.items():
        print(f"{name}:")
        for kind, amount in of_keys.items():
            print(f"  {kind:<14} {amount:>10,.0f} bytes")
    plain = figures["history and vector"]
    print(f"history and vector: {held(plain):,.0f} bytes a reader, at most {MOST:,} promised")
    for label, a_reader in (
        ("MEMORY USAGE of both keys", held(plain)),
        ("used_memory of the server", plain["used_memory"]),
        ("all keys, typical", sum(figures["typical"].values())),
        ("all keys, every one full", sum(figures["full"].values())),
    ):
        total = a_reader * TEN_MILLION / 2**30
        print(f"{TEN_MILLION:,} readers of {a_reader:,.0f} bytes: {total:,.1f} GiB ({label})")


if __name__ == "__main__":
    main()
