"""From one model to another under load, and back: what readers notice; and memory after ten.

One service, its articles real titles. Recommendations, clicks and new articles come at fixed rates
while it is asked to switch, and again while it is asked to go back. Every answer is looked at: its
status, whether it is degraded, under which model it was made. Then it switches ten times in a ring
of three versions, so that each switch loads one and lets go of one, and the memory that is its own
(RssAnon: what is not mapped from files) is read after each.

The versions are the same artefact under other numbers: what is measured does not depend on what the
vectors are. That no answer mixes two spaces is tested with models that differ
(``tests/integration/test_model_switch.py``).
"""

import argparse
import asyncio
import json
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.data import titles
from bench.machine import describe
from bench.model import may_name_a_model
from bench.processes import serving
from model_store import layout
from model_store.artefact import Artefact
from model_store.store import ModelStore

VERSIONS = (1, 2, 3)
SWITCHES = 10
READERS, CLICKS_EACH = 500, 5
INGESTED_AT_ONCE = 500
QUIET_SECONDS = 10.0
LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Seen:
    """One answer."""

    at: float
    kind: str
    milliseconds: float
    status: int
    degraded: bool
    model: str


@dataclass
class Log:
    """What happened, in seconds since the load began."""

    began: float = field(default_factory=time.perf_counter)
    seen: list[Seen] = field(default_factory=list)
    events: list[tuple[float, str]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        """Seconds since the load began."""
        return time.perf_counter() - self.began

    def tell(self, what: str) -> float:
        """Note an event; when it was."""
        moment = self.now()
        self.events.append((moment, what))
        print(f"{moment:7.2f} s  {what}")
        return moment


def main() -> None:
    """Measure, print the log and the tables, and write ``bench/out/switch.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    may_name_a_model(parser)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--ring-articles", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=40.0, help="Recommendations a second.")
    options = parser.parse_args()
    artefact = ModelStore.at(options.model_store).load(options.model)
    source, texts = titles(options.articles)
    with tempfile.TemporaryDirectory() as name:
        models = _versions(artefact, Path(name) / "models")
        log = asyncio.run(_under_load(options.rate, models, artefact, texts))
        memory = asyncio.run(_ring(models, artefact, texts[: options.ring_articles]))
    _report(options, source, log, memory)


def switched(artefact: Artefact, texts: Sequence[str], rate: float) -> dict[str, Any]:
    """What a switch and a rollback under load are like: its phases, and when what happened."""
    with tempfile.TemporaryDirectory() as name:
        models = _versions(artefact, Path(name) / "models")
        log = asyncio.run(_under_load(rate, models, artefact, texts))
    return {"phases": {row.pop("phase"): row for row in _rows(log)}, "events": log.events}


def _versions(artefact: Artefact, store: Path) -> Path:
    """A store with the artefact as several versions."""
    for version in VERSIONS:
        folder = store / artefact.manifest.name / str(version)
        shutil.copytree(artefact.folder, folder)
        manifest = folder / layout.MANIFEST
        said = json.loads(manifest.read_text()) | {"version": version}
        manifest.write_text(json.dumps(said))
    return store


def _service(
    models: Path, artefact: Artefact, folder: Path
) -> AbstractContextManager[tuple[int, int]]:
    own = ["--model-store", str(models), "--model", f"{artefact.manifest.name}@{VERSIONS[0]}"]
    arguments = ["serve", "--port", "0", "--data-dir", str(folder / "data"), *own]
    return serving("service.cli", arguments, None, folder / "log")


async def _under_load(rate: float, models: Path, artefact: Artefact, texts: Sequence[str]) -> Log:
    name = artefact.manifest.name
    with (
        tempfile.TemporaryDirectory() as folder,
        _service(models, artefact, Path(folder)) as (_, port),
    ):
        async with _client(port) as client:
            await _fill(client, texts)
            log = Log()
            load = [
                asyncio.create_task(_again(log, "recommend", rate, client, _recommend)),
                asyncio.create_task(_again(log, "click", rate / 10, client, _click)),
                asyncio.create_task(_again(log, "put", rate / 20, client, _put)),
            ]
            await _follow(client, log, name)
            log.ended.set()
            await asyncio.gather(*load)
    return log


async def _follow(client: httpx.AsyncClient, log: Log, name: str) -> None:
    """What an operator does, and waits for."""
    await asyncio.sleep(QUIET_SECONDS)
    log.tell("PUT /v1/models/active: the next version")
    _sound(await client.put("/v1/models/active", json={"model": f"{name}@2"}))
    state = ""
    while (said := (await client.get("/v1/models")).json())["active"] != f"{name}@2":
        step = said["switch"]
        if step and step["state"] != state:
            state = step["state"]
            log.tell(f"{state} ({step['encoded_articles']} of {step['articles']} articles encoded)")
        await asyncio.sleep(LOOK_SECONDS)
    log.tell("the next version is active")
    await asyncio.sleep(QUIET_SECONDS)
    log.tell("POST /v1/models/rollback")
    _sound(await client.post("/v1/models/rollback"))
    assert (await client.get("/v1/models")).json()["active"] == f"{name}@1"
    log.tell("the former version is active")
    await asyncio.sleep(QUIET_SECONDS)


async def _again(log: Log, kind: str, rate: float, client: httpx.AsyncClient, ask: Any) -> None:
    """Ask at random moments of a mean rate, whether answers come or not."""
    rng, due = random.Random(kind), log.now()
    async with asyncio.TaskGroup() as asked:
        while not log.ended.is_set():
            due += rng.expovariate(rate)
            await asyncio.sleep(max(0.0, due - log.now()))
            asked.create_task(_ask(log, kind, due, ask(client, rng)))


async def _ask(log: Log, kind: str, due: float, request: Any) -> None:
    try:
        response = await request
        body = response.json()
        status = response.status_code
    except httpx.HTTPError:
        body, status = {}, 0
    milliseconds = 1000 * (log.now() - due)
    degraded = [why for why in body.get("degraded", []) if why != "unknown_reader"]
    log.seen.append(Seen(due, kind, milliseconds, status, bool(degraded), body.get("model", "")))


async def _recommend(client: httpx.AsyncClient, rng: random.Random) -> httpx.Response:
    reader = f"u{rng.randrange(READERS)}"
    return await client.post("/v1/recommend", json={"user_id": reader, "limit": 20})


async def _click(client: httpx.AsyncClient, rng: random.Random) -> httpx.Response:
    event = {"user_id": f"u{rng.randrange(READERS)}", "article_id": f"a{rng.randrange(500)}"}
    return await client.post("/v1/events", json=[{**event, "type": "click"}])


async def _put(client: httpx.AsyncClient, rng: random.Random) -> httpx.Response:
    number = rng.getrandbits(40)
    return await client.put(f"/v1/articles/n{number}", json={"title": f"Story of {number}"})


async def _ring(models: Path, artefact: Artefact, texts: Sequence[str]) -> list[dict[str, float]]:
    """Memory after each of the switches, in MB."""
    name, after = artefact.manifest.name, []
    with (
        tempfile.TemporaryDirectory() as folder,
        _service(models, artefact, Path(folder)) as (pid, port),
    ):
        async with _client(port) as client:
            await _fill(client, texts)
            for turn in range(1, SWITCHES + 1):
                wanted = f"{name}@{VERSIONS[turn % len(VERSIONS)]}"
                _sound(await client.put("/v1/models/active", json={"model": wanted}))
                while not await _settled(client, wanted):  # noqa: ASYNC110 - another's doing
                    await asyncio.sleep(LOOK_SECONDS)
                after.append({"switches": turn, **_memory(pid)})
    return after


async def _settled(client: httpx.AsyncClient, wanted: str) -> bool:
    """Whether it is active, and what is not kept is let go of."""
    said = (await client.get("/v1/models")).json()
    return said["active"] == wanted and said["switch"] is None and not said["leaving"]


def _memory(pid: int) -> dict[str, float]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) / 1024 for name in ("RssAnon", "VmRSS")}


async def _fill(client: httpx.AsyncClient, texts: Sequence[str]) -> None:
    for first in range(0, len(texts), INGESTED_AT_ONCE):
        some = texts[first : first + INGESTED_AT_ONCE]
        batch = [{"article_id": f"a{first + i}", "title": title} for i, title in enumerate(some)]
        _sound(await client.post("/v1/articles", json=batch))
    rng = random.Random(1)
    clicks = [
        {"user_id": f"u{reader}", "article_id": f"a{rng.randrange(len(texts))}", "type": "click"}
        for reader in range(READERS)
        for _ in range(CLICKS_EACH)
    ]
    for first in range(0, len(clicks), 1_000):
        _sound(await client.post("/v1/events", json=clicks[first : first + 1_000]))


def _client(port: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=64)
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits)


def _sound(response: httpx.Response) -> None:
    if response.status_code >= 300:
        raise RuntimeError(f"{response.status_code}: {response.text[:300]}")


def _phases(log: Log) -> list[tuple[str, float, float]]:
    """The load in parts: before, while switching, after, and once back."""
    asked, *_, switched, back, _ = (moment for moment, _ in log.events)
    end = log.events[-1][0] + QUIET_SECONDS
    return [
        ("before", 1.0, asked),
        ("while the next version is made ready", asked, switched),
        ("after", switched, back),
        ("rolled back", back, end),
    ]


def _rows(log: Log) -> list[dict[str, Any]]:
    rows = []
    for name, begin, end in _phases(log):
        during = [seen for seen in log.seen if begin <= seen.at < end]
        lists = [seen for seen in during if seen.kind == "recommend"]
        p50, p99 = np.percentile([seen.milliseconds for seen in lists], (50, 99))
        rows.append(
            {
                "phase": name,
                "seconds": end - begin,
                "requests": len(during),
                "failed": sum(not 200 <= seen.status < 300 for seen in during),
                "degraded": sum(seen.degraded for seen in lists),
                "p50_ms": p50,
                "p99_ms": p99,
                "models": sorted({seen.model for seen in lists}),
            }
        )
    return rows


def _report(
    options: argparse.Namespace, source: str, log: Log, memory: list[dict[str, float]]
) -> None:
    rows = _rows(log)
    print(f"\n{describe()}; {options.articles} titles of {source}, {options.rate:g} a second\n")
    print("| phase | s | requests | failed | degraded | p50 ms | p99 ms | answered by |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    for row in rows:
        print(
            f"| {row['phase']} | {row['seconds']:.0f} | {row['requests']} | {row['failed']} "
            f"| {row['degraded']} | {row['p50_ms']:.1f} | {row['p99_ms']:.1f} "
            f"| {', '.join(row['models'])} |"
        )
    print("\n| switches | own memory MB | resident MB |\n|---:|---:|---:|")
    for after in memory:
        print(f"| {after['switches']:.0f} | {after['RssAnon']:.0f} | {after['VmRSS']:.0f} |")
    out = Path(__file__).parent / "out" / "switch.json"
    out.parent.mkdir(exist_ok=True)
    said = {
        "machine": describe(),
        "source": source,
        "articles": options.articles,
        "phases": rows,
        "events": log.events,
        "memory": memory,
        "seen": [asdict(seen) for seen in log.seen],
    }
    out.write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    main()
