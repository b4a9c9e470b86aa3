"""Contenders as the comparison sees them: each encodes texts, and says how long that took."""

import asyncio
import base64
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol, Self

from bench.encoders.answering import Settings
from bench.load import Connection, post
from bench.processes import cpu_seconds

Bodies = Callable[[Sequence[str], int], list[bytes]]
"""The requests that carry texts, so many of them each."""


@dataclass(frozen=True)
class Sample:
    """What a round gave."""

    texts_per_second: float
    cpu_seconds_per_1000: float
    """Of the encoder's processes; the load generator's are not in it."""

    @classmethod
    def of(cls, texts: int, seconds: float, cpu: float) -> Self:
        """So many texts in so long."""
        return cls(texts / seconds, cpu * 1000 / texts)


class Contender(Protocol):
    """An encoder that runs."""

    def round(self, texts: Sequence[str], settings: Settings) -> Sample:
        """Encode the texts once."""
        ...


@dataclass(frozen=True)
class InItsProcess:
    """A module of ``bench.encoders`` that answers on its standard output."""

    process: "subprocess.Popen[str]"

    @classmethod
    @contextmanager
    def started(cls, python: Path, module: str, log: Path) -> Iterator[Self]:
        """Run the module with the Python of its environment until the block ends."""
        with log.open("w") as said:
            process = subprocess.Popen(
                [str(python), "-m", f"bench.encoders.{module}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
            try:
                yield cls(process)
            finally:
                process.terminate()
                process.communicate()

    def round(self, texts: Sequence[str], settings: Settings) -> Sample:
        """See ``Contender``. Raises RuntimeError if the process has ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(
            json.dumps({"settings": settings, "texts": texts}), file=self.process.stdin, flush=True
        )
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args!r} has ended; its log says why")
        taken = json.loads(answer)
        return Sample.of(len(texts), taken["seconds"], taken["cpu_seconds"])


@dataclass(frozen=True)
class OverHttp:
    """A server on loopback, sent requests by several connections at a time."""

    pid: int
    port: int
    path: str
    bodies: Bodies
    vectors_in: Callable[[bytes], int]
    """How many texts an answer says were encoded."""

    def round(self, texts: Sequence[str], settings: Settings) -> Sample:
        """See ``Contender``; the settings: texts a request, and requests in flight."""
        bodies = self.bodies(texts, settings["texts_a_request"])
        cpu_before = cpu_seconds(self.pid)
        encoded, seconds = asyncio.run(self._send(bodies, settings["in_flight"]))
        if encoded != len(texts):
            raise RuntimeError(f"{encoded} of {len(texts)} texts were encoded")
        return Sample.of(len(texts), seconds, cpu_seconds(self.pid) - cpu_before)

    async def _send(self, bodies: Sequence[bytes], in_flight: int) -> tuple[int, float]:
        waiting = iter(bodies)
        connections = [await Connection.open(self.port) for _ in range(in_flight)]

        async def one(connection: Connection) -> list[bytes]:
            return [await connection.exchange(post(self.path, body)) for body in waiting]

        loop = asyncio.get_running_loop()
        started = loop.time()
        answers = await asyncio.gather(*map(one, connections))
        seconds = loop.time() - started
        for connection in connections:
            connection.close()
        return sum(self.vectors_in(answer) for each in answers for answer in each), seconds


def of_newsstand(pid: int, port: int) -> OverHttp:
    """``POST /v1/articles``: stored, in the log, durable and searchable when it answers. Every
    article has an id of its own, so that none is found unchanged.
    """
    numbers = count()

    def bodies(texts: Sequence[str], size: int) -> list[bytes]:
        return [
            json.dumps(
                [
                    {"article_id": f"a{next(numbers)}", "title": text}
                    for text in texts[at : at + size]
                ]
            ).encode()
            for at in range(0, len(texts), size)
        ]

    return OverHttp(pid, port, "/v1/articles", bodies, lambda body: json.loads(body)["accepted"])


def of_infinity(pid: int, port: int, dimension: int) -> OverHttp:
    """``POST /embeddings``: the answer holds the vectors, and nothing is kept."""

    def bodies(texts: Sequence[str], size: int) -> list[bytes]:
        return [
            json.dumps(
                {"model": "m", "input": texts[at : at + size], "encoding_format": "base64"}
            ).encode()
            for at in range(0, len(texts), size)
        ]

    def vectors_in(body: bytes) -> int:
        rows = json.loads(body)["data"]
        return sum(len(base64.b64decode(row["embedding"])) == 4 * dimension for row in rows)

    return OverHttp(pid, port, "/embeddings", bodies, vectors_in)
