"""The composition root: from settings and an artefact to a newsstand that is ready."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from model_store.artefact import Artefact
from model_store.errors import ModelStoreError
from model_store.inputs import ArticleReader
from model_store.store import DEFAULT_ARTEFACT, ModelStore
from model_store.user_models import user_model
from service.adapters.devices import chosen_device
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.faiss_index import FaissIndex
from service.adapters.onnx_encoder import OnnxEncoder
from service.adapters.policy_file import PolicyFile
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.adapters.redis.cursor_key import cursor_key
from service.adapters.redis.experiments import RedisExperiments
from service.adapters.redis.popularity import RedisPopularity
from service.adapters.redis.readers import RedisReaders
from service.background.follow import follow
from service.background.tasks import Tasks
from service.catalogue.catalogue import Catalogue
from service.domain.experiment import PolicyBook
from service.errors import SetupError, Unavailable
from service.pipeline.newsstand import Newsstand, ServedModel
from service.pipeline.refill import refill
from service.settings import Settings

COUNT_WAIT_MS = 500
SERVED_WRITTEN_SECONDS = 0.05
POLICIES_LOOKED_AT_SECONDS = 1.0
_log = logging.getLogger(__name__)


def find_artefact(settings: Settings) -> Artefact:
    """The verified artefact that the settings ask for. Raises SetupError."""
    reference = settings.model or DEFAULT_ARTEFACT
    try:
        return ModelStore.at(settings.model_store).load(reference)
    except ModelStoreError as error:
        raise SetupError(str(error)) from error


@asynccontextmanager
async def opened(settings: Settings, artefact: Artefact) -> AsyncIterator[Newsstand]:
    """A newsstand that is ready to serve, for as long as the block runs.

    Raises SetupError, or Unavailable if the state store does not answer.
    """
    async with AsyncExitStack() as stack:
        yield await _open(settings, artefact, stack, time.time)


@dataclass(frozen=True, slots=True)
class Parts:
    """A newsstand without anything going on beside it, and the adapters that keep it going."""

    newsstand: Newsstand
    articles: RedisArticles
    readers: RedisReaders
    popularity: RedisPopularity
    tasks: Tasks
    policy_file: PolicyFile | None


async def _open(
    settings: Settings, artefact: Artefact, stack: AsyncExitStack, clock: Callable[[], float]
) -> Newsstand:
    parts = await assembled(settings, artefact, stack, clock)
    await _fill_and_follow(parts)
    await parts.popularity.refresh()
    _keep_counting(parts)
    _keep_remembering(parts)
    if parts.policy_file is not None:
        _keep_reading(parts.policy_file, parts.tasks)
    return parts.newsstand


async def assembled(
    settings: Settings, artefact: Artefact, stack: AsyncExitStack, clock: Callable[[], float]
) -> Parts:
    """Bring every part up, in order; ``stack`` takes them down again.

    Raises SetupError, or Unavailable if the state store does not answer.
    """
    policy_file = PolicyFile(settings.policies_file) if settings.policies_file else None
    url = settings.redis_url or stack.enter_context(EmbeddedValkey(settings.data_dir)).url
    connection = Connection(url)
    stack.push_async_callback(connection.close)
    await connection.open()
    encoder = _encoder(settings, artefact)
    stack.callback(encoder.close)
    tasks = await stack.enter_async_context(Tasks())
    model = _served(settings, artefact)
    articles = RedisArticles(
        connection,
        model=model.reference,
        article_seconds=settings.article_seconds,
        vector_seconds=settings.reader_seconds,
    )
    readers = RedisReaders(
        connection,
        model=model.reference,
        history_length=model.history_length,
        reader_seconds=settings.reader_seconds,
    )
    stack.push_async_callback(_last_lists, readers)
    popularity = RedisPopularity(connection, clock)
    newsstand = Newsstand(
        model=model,
        catalogue=Catalogue(
            encoder.dimension,
            lambda: FaissIndex(encoder.dimension),
            normalised=model.normalised,
        ),
        encoder=encoder,
        articles=articles,
        readers=readers,
        popularity=popularity,
        experiments=RedisExperiments(connection),
        article_seconds=settings.article_seconds,
        later=tasks.later,
        policies=_policies(policy_file),
        cursor_key=await cursor_key(connection),
        clock=clock,
    )
    return Parts(newsstand, articles, readers, popularity, tasks, policy_file)


def _policies(file: PolicyFile | None) -> Callable[[], PolicyBook]:
    built_in = PolicyBook()
    return lambda: built_in if file is None else file.book


def _encoder(settings: Settings, artefact: Artefact) -> OnnxEncoder:
    device = chosen_device(settings.device)
    try:
        encoder = OnnxEncoder(artefact, device, settings.encoder_threads or _cores())
    except ModelStoreError as error:
        raise SetupError(str(error)) from error
    _log.info("%s in %s on %s", artefact.manifest.reference, encoder.precision, device)
    return encoder


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _served(settings: Settings, artefact: Artefact) -> ServedModel:
    manifest = artefact.manifest
    try:
        users = user_model(artefact)
    except ModelStoreError as error:
        raise SetupError(str(error)) from error
    return ServedModel(
        reference=manifest.reference,
        reader=ArticleReader.of(manifest),
        history_length=settings.history_length or manifest.scoring.history_length,
        users=users,
        normalised=manifest.normalised,
    )


async def _fill_and_follow(parts: Parts) -> None:
    started, newsstand, articles = time.perf_counter(), parts.newsstand, parts.articles
    position = await articles.log_position()
    await refill(newsstand, articles.all())
    seconds = time.perf_counter() - started
    _log.info("%d articles loaded in %.1f s", len(newsstand.catalogue), seconds)

    async def step() -> None:
        nonlocal position
        position = await follow(newsstand, articles, position)

    parts.tasks.forever("following the article log", step)


def _keep_counting(parts: Parts) -> None:
    async def step() -> None:
        await parts.popularity.count(COUNT_WAIT_MS)
        await parts.popularity.refresh()

    parts.tasks.forever("counting", step)


def _keep_remembering(parts: Parts) -> None:
    async def step() -> None:
        await asyncio.sleep(SERVED_WRITTEN_SECONDS)
        await parts.readers.flush()

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


async def _last_lists(readers: RedisReaders) -> None:
    try:
        await readers.flush()
    except Unavailable as error:
        _log.warning("the last lists served are not remembered: %s", error.detail)
