"""A stack as the comparison sees it: a recommender behind HTTP, with a store of its own.

Stores are filled directly, each in its own format, all with the vectors and clicks of
``bench.state``: what the rows about recommending measure is recommending.
"""

import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load import post
from bench.processes import serving
from service.adapters.embedded_valkey import EmbeddedValkey

LIMIT = 20
Click = Callable[[str, int], Awaitable[None]]
"""Records that a reader has clicked the article of this number, straight in the store."""


@dataclass(frozen=True)
class Command:
    """What serves a stack: a module with arguments, run by a Python."""

    module: str
    arguments: list[str]
    python: Path = Path(sys.executable)


@dataclass(frozen=True)
class Running:
    """A stack that serves."""

    pid: int
    port: int
    ready_seconds: float
    """From its start until it served."""


@dataclass(frozen=True)
class Stack(ABC):
    """``folder`` holds its store and its log; ``prefix`` begins its paths."""

    name: str
    folder: Path
    prefix: str

    @abstractmethod
    async def fill(self, url: str, articles: int, readers: int) -> None:
        """Fill the store at ``url`` with articles and readers of 50 clicks each."""

    @abstractmethod
    def clicking(self, url: str) -> AbstractAsyncContextManager[Click]:
        """Opens the store at ``url`` to record clicks."""

    @abstractmethod
    def command(self, url: str, threads: int) -> Command:
        """What serves from the store at ``url``, with so many threads to compute."""

    @abstractmethod
    def wishes(self) -> Mapping[str, object]:
        """What a request for recommendations says beside reader and limit."""

    @abstractmethod
    def event(self) -> Mapping[str, object]:
        """What a click says beside reader and article."""

    def recommend(self, user_id: str, limit: int = LIMIT) -> bytes:
        """The request for recommendations."""
        body = {"user_id": user_id, "limit": limit, **self.wishes()}
        return post(f"{self.prefix}/recommend", json.dumps(body).encode())

    def click(self, user_id: str, article_id: str) -> bytes:
        """The request that records a click."""
        event = {"user_id": user_id, "article_id": article_id, **self.event()}
        return post(f"{self.prefix}/events", json.dumps([event]).encode())

    def put(self, articles: Mapping[str, str]) -> bytes:
        """The request that takes in a batch of articles: by id, their titles."""
        body = [{"article_id": one, "title": title} for one, title in articles.items()]
        return post(f"{self.prefix}/articles", json.dumps(body).encode())

    def withdraw(self, article_id: str) -> bytes:
        """The request that withdraws an article."""
        return post(f"{self.prefix}/articles/{article_id}", b"", "DELETE")

    @contextmanager
    def store(self) -> Iterator[str]:
        """A Valkey of the stack's own until the block ends; its address."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with EmbeddedValkey(self.folder) as valkey:
            yield valkey.url

    @contextmanager
    def served(self, url: str, core: int | None, threads: int) -> Iterator[Running]:
        """Serve from the store at ``url`` until the block ends."""
        command, started = self.command(url, threads), time.perf_counter()
        log = self.folder / "server.log"
        with serving(command.module, command.arguments, core, log, command.python) as (pid, port):
            yield Running(pid, port, time.perf_counter() - started)
