"""A newsstand that runs: what goes on beside its requests, from the start to the end."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from model_store.artefact import Artefact
from model_store.errors import ModelStoreError
from model_store.store import ModelStore
from service.adapters.redis.append_only_file import AppendOnlyFile
from service.adapters.redis.cursor_key import keep_cursor_key
from service.adapters.redis.rosters import RedisRosters
from service.adapters.redis.standing import Standing
from service.adapters.snapshots.memory import Memory
from service.adapters.snapshots.snapshots import Snapshots, remove_all_but
from service.adapters.watched_file import WatchedFile
from service.background.follow import Follower
from service.background.tasks import Tasks
from service.catalogue.sealed import START
from service.composition import Parts, assembled, load_artefact, newsstand_under
from service.domain.doorkeeper import Doorkeeper
from service.errors import SetupError, Unavailable
from service.models.edition import Edition, edition
from service.models.editions import Editions, Others
from service.models.running import Running
from service.models.switching import Switching
from service.pipeline.refill import reconcile
from service.settings import Settings

COUNT_WAIT_MS: Final = 500
SERVED_WRITTEN_SECONDS: Final = 0.05
FILES_LOOKED_AT_SECONDS: Final = 1.0
STORE_LOOKED_AT_SECONDS: Final = 1.0
STORE_ASKED_SECONDS: Final = 10.0
"""So often its servers say how much memory they have, and how many replicas."""
ERASURES_LOOKED_FOR_SECONDS: Final = 2.0
SCANNED_AFTER_SECONDS: Final = 3_600.0
"""So often the one who leads looks for articles that were stored and never logged."""
CLOCKS_DIFFER_SECONDS: Final = 60.0
_log = logging.getLogger(__name__)


@asynccontextmanager
async def opened(
    settings: Settings, artefact: Artefact, encoder: Path | None = None
) -> AsyncIterator[Running]:
    """A newsstand that is ready to serve, for as long as the block runs. Where no model was ever
    asked for, it serves ``artefact``. ``encoder`` is where the encoder process listens, if any.

    Raises SetupError, or Unavailable if the state store does not answer and this machine has not
    yet met it.
    """
    async with AsyncExitStack() as stack:
        parts = await assembled(settings, stack, time.time, encoder)
        yield await _begun(parts, artefact, stack)


async def _begun(parts: Parts, artefact: Artefact, stack: AsyncExitStack) -> Running:
    """Fill the catalogue and start all that goes on; ``stack`` ends it."""

    async def known() -> None:
        await parts.loss.known(parts.identity, editions.active, made_good)

    async def made_good() -> None:
        await keep_cursor_key(parts.connection, editions.active.cursor_key)
        await switching.restore()
        identity = parts.identity.current or ""
        replace(_remembered(parts), identity=identity).keep(parts.folder)
        for each in editions:
            each.now_of(identity)

    def on_active(model: str) -> None:
        try:
            replace(_remembered(parts), model=model).keep(parts.folder)
        except OSError as error:
            _log.error("%s will not be remembered if the store is away: %s", model, error)

    editions = Editions(partial(_edition, parts, artefact, known))
    rosters = RedisRosters(parts.connection)
    switching = Switching(
        rosters, editions, parts.memory.model, parts.identity.allow_write, on_active
    )
    stack.push_async_callback(editions.close_all)
    await _begin(parts, artefact, editions)
    await _tidy(parts, rosters)
    _keep_watching(parts, known)
    _keep_scanning(parts, editions, known)
    _keep_counting(parts)
    _keep_remembering(parts, stack)
    if parts.policy_file is not None:
        _keep_reading(parts.policy_file, parts.tasks)
    if parts.append_only_file is not None:
        _keep_forgetting(parts.append_only_file, parts.tasks)
    await stack.enter_async_context(switching)
    tasks = await stack.enter_async_context(Tasks())
    tasks.forever("looking at the roster of models", switching.again)
    models = ModelStore.at(parts.settings.model_store)
    door = _doorkeeper(parts)
    return Running(editions, switching, models, _standing(parts), parts.caches, door)


@asynccontextmanager
async def _edition(
    parts: Parts,
    at_hand: Artefact,
    known: Callable[[], Awaitable[None]],
    model: str,
    others: Others,
) -> AsyncIterator[Edition]:
    """The edition of a model, which has yet to begin. Raises ModelStoreError, SetupError."""
    artefact = at_hand
    if model != at_hand.manifest.reference:
        artefact = await asyncio.to_thread(load_artefact, parts.settings, model)
    newsstand = await newsstand_under(artefact, parts, others)
    snapshots = Snapshots(
        parts.folder / _folder_name(model),
        store=_remembered(parts).identity,
        model=model,
        dimension=newsstand.encoder.dimension,
        opens=parts.opens,
    )

    async def unload() -> None:
        await parts.encoders.unload(newsstand.encoder)

    follower = Follower(newsstand, parts.log, START, known)
    async with edition(
        newsstand, follower, snapshots, lambda: _remembered(parts).identity, unload
    ) as made:
        yield made


def _remembered(parts: Parts) -> Memory:
    """What is known of the store by now: another process may have made a loss good meanwhile."""
    return Memory.of(parts.folder) or parts.memory


async def _begin(parts: Parts, artefact: Artefact, editions: Editions) -> None:
    """Open the first edition and let it answer."""
    wanted = artefact.manifest.reference
    model = parts.memory.model or wanted
    if model != wanted:
        _log.warning("%s was asked for over HTTP and is served, not %s", model, wanted)
    try:
        first = await editions.open(model)
        editions.activate(first)  # nobody asks yet, but what it knows of a lost store counts
        await first.begin()
    except ModelStoreError as error:
        raise SetupError(str(error)) from error
    except OSError as error:
        raise SetupError(f"{parts.folder} cannot be written: {error}") from error
    try:
        await parts.popularity.refresh()
    except Unavailable as error:
        _log.warning("what is read most is not known yet: %s", error.detail)


async def _tidy(parts: Parts, rosters: RedisRosters) -> None:
    """Remove the generations of models that left while this machine was down."""
    try:
        roster = await rosters.read()
        parts.identity.allow_write()
    except Unavailable:
        return
    if roster.active is not None:
        kept = {_folder_name(model) for model in (roster.active, *roster.open)}
        await asyncio.to_thread(remove_all_but, kept, parts.folder)


def _folder_name(model: str) -> str:
    return model.replace("/", "_")


def _keep_watching(parts: Parts, known: Callable[[], Awaitable[None]]) -> None:
    async def step() -> None:
        await asyncio.sleep(STORE_LOOKED_AT_SECONDS)
        await known()

    parts.tasks.forever("watching the state store", step)


def _keep_scanning(parts: Parts, editions: Editions, known: Callable[[], Awaitable[None]]) -> None:
    """Log again what a process that died had stored and not yet logged, and its caller never
    repeated.
    """
    since = 0.0

    async def step() -> None:
        nonlocal since
        active = editions.of(editions.active_model)
        if active is not None and active.lead():
            begun = parts.clock() - CLOCKS_DIFFER_SECONDS
            unlogged = await reconcile(active.newsstand, known, since)
            await active.newsstand.articles.log_again(unlogged)
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
        await parts.unwritten.flush()

    async def last_lists() -> None:
        try:
            await parts.unwritten.flush()
        except Unavailable as error:
            _log.warning("the last lists served are not remembered: %s", error.detail)

    stack.push_async_callback(last_lists)
    parts.tasks.forever("remembering what was served", step)


def _standing(parts: Parts) -> Standing:
    standing = Standing(parts.connection, parts.identity, parts.popularity, parts.unwritten)

    async def step() -> None:
        await standing.ask()
        await asyncio.sleep(STORE_ASKED_SECONDS)

    parts.tasks.forever("asking how the state store stands", step)
    return standing


def _doorkeeper(parts: Parts) -> Doorkeeper | None:
    if (file := parts.key_file) is None:
        _log.info("no API keys: loopback only, and whoever is on this machine may do everything")
        return None
    if not file.content.keys:
        _log.warning("no API key opens anything yet: newsstand keys create makes one")
    _keep_reading(file, parts.tasks)
    rate, workers = parts.settings.key_requests_per_second, parts.settings.workers
    return Doorkeeper(lambda: file.content, rate, workers)


def _keep_reading(file: WatchedFile[Any], tasks: Tasks) -> None:
    async def step() -> None:
        await asyncio.sleep(FILES_LOOKED_AT_SECONDS)
        file.refresh()

    tasks.forever(f"reading {file.what}", step)


def _keep_forgetting(file: AppendOnlyFile, tasks: Tasks) -> None:
    async def step() -> None:
        await asyncio.sleep(ERASURES_LOOKED_FOR_SECONDS)
        await file.forget_the_erased()

    tasks.forever("forgetting the erased", step)
