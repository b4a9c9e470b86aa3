"""A newsstand that runs: what goes on beside its requests, from the start to the end."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from model_store.artefact import Artefact
from service.adapters.policy_file import PolicyFile
from service.adapters.redis.append_only_file import AppendOnlyFile
from service.adapters.redis.cursor_key import keep_cursor_key
from service.adapters.snapshots.memory import Memory
from service.adapters.snapshots.snapshots import Snapshots
from service.background.follow import Follower
from service.background.generations import Generations
from service.background.tasks import Tasks
from service.catalogue.sealed import START
from service.composition import Parts, assembled
from service.errors import SetupError, Unavailable
from service.pipeline.newsstand import Newsstand
from service.pipeline.refill import reconcile
from service.settings import Settings

COUNT_WAIT_MS: Final = 500
SERVED_WRITTEN_SECONDS: Final = 0.05
POLICIES_LOOKED_AT_SECONDS: Final = 1.0
STORE_LOOKED_AT_SECONDS: Final = 1.0
ERASURES_LOOKED_FOR_SECONDS: Final = 2.0
SCANNED_AFTER_SECONDS: Final = 3_600.0
"""So often the one who leads looks for articles that were stored and never logged."""
CLOCKS_DIFFER_SECONDS: Final = 60.0
_log = logging.getLogger(__name__)


@asynccontextmanager
async def opened(settings: Settings, artefact: Artefact) -> AsyncIterator[Newsstand]:
    """A newsstand that is ready to serve, for as long as the block runs.

    Raises SetupError, or Unavailable if the state store does not answer and this machine has not
    yet met it.
    """
    async with AsyncExitStack() as stack:
        parts = await assembled(settings, artefact, stack, time.time)
        await _begin(parts, stack)
        yield parts.newsstand


async def _begin(parts: Parts, stack: AsyncExitStack) -> None:
    """Fill the catalogue and start all that goes on; ``stack`` ends it."""
    snapshots = Snapshots(
        parts.folder / parts.newsstand.model.reference.replace("/", "_"),
        store=parts.memory.identity,
        model=parts.newsstand.model.reference,
        dimension=parts.newsstand.encoder.dimension,
    )
    stack.callback(snapshots.close)

    async def known() -> None:
        await parts.loss.known(parts.identity, parts.newsstand, made_good)

    async def made_good() -> None:
        await keep_cursor_key(parts.connection, parts.newsstand.cursor_key)
        memory = Memory(parts.identity.current or "", parts.memory.cursor_key)
        memory.keep(parts.folder)
        snapshots.now_of(memory.identity)
        generations.seal_soon()
        follower.doubt()

    def store_known() -> str:
        """By another process of this machine, which may have made a loss good meanwhile."""
        memory = Memory.of(parts.folder)
        return parts.memory.identity if memory is None else memory.identity

    follower = Follower(parts.newsstand, parts.log, START, known)
    generations = Generations(parts.newsstand, follower, snapshots, store_known)
    await _started(parts, generations)
    stack.push_async_callback(generations.finish)
    _keep_following(parts, follower, generations)
    _keep_watching(parts, known)
    _keep_scanning(parts, snapshots, known)
    _keep_counting(parts)
    _keep_remembering(parts, stack)
    if parts.policy_file is not None:
        _keep_reading(parts.policy_file, parts.tasks)
    if parts.append_only_file is not None:
        _keep_forgetting(parts.append_only_file, parts.tasks)


async def _started(parts: Parts, generations: Generations) -> None:
    try:
        await generations.start()
    except OSError as error:
        raise SetupError(f"{parts.folder} cannot be written: {error}") from error
    try:
        await parts.popularity.refresh()
    except Unavailable as error:
        _log.warning("what is read most is not known yet: %s", error.detail)


def _keep_following(parts: Parts, follower: Follower, generations: Generations) -> None:
    async def follow() -> None:
        await follower.step()

    parts.tasks.forever("following the article log", follow)
    parts.tasks.forever("keeping generations", generations.step)


def _keep_watching(parts: Parts, known: Callable[[], Awaitable[None]]) -> None:
    async def step() -> None:
        await asyncio.sleep(STORE_LOOKED_AT_SECONDS)
        await known()

    parts.tasks.forever("watching the state store", step)


def _keep_scanning(
    parts: Parts, snapshots: Snapshots, known: Callable[[], Awaitable[None]]
) -> None:
    """Log again what a process that died had stored and not yet logged, and its caller never
    repeated.
    """

    since = 0.0

    async def step() -> None:
        nonlocal since
        if snapshots.lead():
            begun = parts.newsstand.clock() - CLOCKS_DIFFER_SECONDS
            unlogged = await reconcile(parts.newsstand, known, since)
            await parts.articles.log_again(unlogged)
            since = begun
        await asyncio.sleep(SCANNED_AFTER_SECONDS)

    parts.tasks.forever("scanning the stored articles", step)


def _keep_counting(parts: Parts) -> None:
    async def step() -> None:
        await parts.popularity.count(COUNT_WAIT_MS)
        await parts.popularity.refresh()

    parts.tasks.forever("counting", step)


def _keep_remembering(parts: Parts, stack: AsyncExitStack) -> None:
    async def step() -> None:
        await asyncio.sleep(SERVED_WRITTEN_SECONDS)
        await parts.readers.flush()

    async def last_lists() -> None:
        try:
            await parts.readers.flush()
        except Unavailable as error:
            _log.warning("the last lists served are not remembered: %s", error.detail)

    stack.push_async_callback(last_lists)
    parts.tasks.forever("remembering what was served", step)


def _keep_reading(file: PolicyFile, tasks: Tasks) -> None:
    async def step() -> None:
        await asyncio.sleep(POLICIES_LOOKED_AT_SECONDS)
        if file.changed():
            try:
                file.reload()
            except SetupError as error:
                _log.error("the policies stay as they were: %s", error)
            else:
                _log.info("the policies were read again")

    tasks.forever("reading the policies", step)


def _keep_forgetting(file: AppendOnlyFile, tasks: Tasks) -> None:
    async def step() -> None:
        await asyncio.sleep(ERASURES_LOOKED_FOR_SECONDS)
        await file.forget_the_erased()

    tasks.forever("forgetting the erased", step)
