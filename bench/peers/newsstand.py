"""This service as a stack: one worker."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.peers.stack import Click, Command, Stack
from bench.state import act, fill
from model_store.artefact import Artefact
from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders

WHOLE_POLICY: Mapping[str, object] = {"diversity": 0.3}
"""Wishes under which every stage of the default policy is on."""
MODEL_ALONE: Mapping[str, object] = {"scenario": "model"}
"""The model's order and the hard exclusions: what the hand-made stack does, too."""


@dataclass(frozen=True)
class Newsstand(Stack):
    """Serves ``artefact`` from the store that holds it; every request wishes the same."""

    artefact: Artefact
    wished: Mapping[str, object]

    @classmethod
    def of(
        cls,
        name: str,
        folder: Path,
        artefact: Artefact,
        wished: Mapping[str, object] = WHOLE_POLICY,
    ) -> "Newsstand":
        """The stack with its own paths."""
        return cls(name, folder, "/v1", artefact, wished)

    async def fill(self, url: str, articles: int, readers: int) -> None:
        """See ``Stack``."""
        async with self._store(url) as (connection, store):
            await fill(connection, store, self.artefact.manifest, articles, readers)

    @asynccontextmanager
    async def clicking(self, url: str) -> AsyncIterator[Click]:
        """See ``Stack``."""
        async with self._store(url) as (_, store):

            async def click(user_id: str, number: int) -> None:
                await act(store, user_id, "click", number)

            yield click

    def command(self, url: str, threads: int) -> Command:
        """See ``Stack``."""
        store, reference = self.artefact.folder.parent.parent, self.artefact.manifest.reference
        arguments = ["serve", "--port", "0", "--redis-url", url, "--encoder-threads", str(threads)]
        arguments += ["--data-dir", str(self.folder / "data")]
        return Command(
            "service.cli", [*arguments, "--model-store", str(store), "--model", reference]
        )

    def wishes(self) -> Mapping[str, object]:
        """See ``Stack``."""
        return self.wished

    def event(self) -> Mapping[str, object]:
        """See ``Stack``."""
        return {"type": "click"}

    @asynccontextmanager
    async def _store(self, url: str) -> AsyncIterator[tuple[Connection, RedisReaders]]:
        connection = Connection(url)
        await connection.open()
        reference = self.artefact.manifest.reference
        yield (
            connection,
            RedisReaders(connection, model=reference, history_length=50, reader_seconds=86_400),
        )
        await connection.close()
