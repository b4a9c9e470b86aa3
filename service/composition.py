"""The composition root: from settings and an artefact to a newsstand whose parts fit together."""

import hashlib
import logging
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from model_store.artefact import Artefact
from model_store.errors import ModelStoreError
from model_store.inputs import ArticleReader
from model_store.store import DEFAULT_ARTEFACT, ModelStore
from model_store.user_models import user_model
from service.adapters.devices import chosen_device
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.faiss_index import FaissTail
from service.adapters.onnx_encoder import OnnxEncoder
from service.adapters.policy_file import PolicyFile
from service.adapters.redis.append_only_file import AppendOnlyFile
from service.adapters.redis.article_log import ArticleLog
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.adapters.redis.cursor_key import cursor_key
from service.adapters.redis.experiments import RedisExperiments
from service.adapters.redis.identity import Identity
from service.adapters.redis.popularity import RedisPopularity
from service.adapters.redis.readers import RedisReaders
from service.adapters.snapshots.memory import Memory
from service.background.loss import Loss
from service.background.tasks import Tasks
from service.catalogue.catalogue import Catalogue
from service.catalogue.sealed import Sealed
from service.domain.experiment import PolicyBook
from service.errors import SetupError, Unavailable
from service.pipeline.newsstand import Newsstand, ServedModel, Shelf
from service.settings import Settings

EMBEDDED: Final = "embedded"
_log = logging.getLogger(__name__)


def find_artefact(settings: Settings) -> Artefact:
    """The verified artefact that the settings ask for. Raises SetupError."""
    reference = settings.model or DEFAULT_ARTEFACT
    try:
        return ModelStore.at(settings.model_store).load(reference)
    except ModelStoreError as error:
        raise SetupError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Parts:
    """A newsstand without anything going on beside it, and what keeps it going (``upkeep``)."""

    newsstand: Newsstand
    connection: Connection
    articles: RedisArticles
    log: ArticleLog
    readers: RedisReaders
    popularity: RedisPopularity
    tasks: Tasks
    policy_file: PolicyFile | None
    append_only_file: AppendOnlyFile | None
    """Of the embedded server: any other is the operator's to rewrite."""
    identity: Identity
    loss: Loss
    memory: Memory
    """What this machine knew of the store when it started."""
    folder: Path
    """What is kept on disk of this store."""


async def assembled(
    settings: Settings, artefact: Artefact, stack: AsyncExitStack, clock: Callable[[], float]
) -> Parts:
    """Bring every part up, in order; ``stack`` takes them down again.

    Raises SetupError, or Unavailable if the state store does not answer and this machine has
    never met it.
    """
    policy_file = PolicyFile(settings.policies_file) if settings.policies_file else None
    embedded = EmbeddedValkey(settings.data_dir)
    url = settings.redis_url or stack.enter_context(embedded).url
    folder = settings.data_dir / "catalogue" / (EMBEDDED if url == embedded.url else _name_of(url))
    connection = Connection(url, durability=settings.durability)
    stack.push_async_callback(connection.close)
    remembered, loss = Memory.of(folder), Loss()
    identity = Identity(
        connection,
        remembered=remembered.identity if remembered else None,
        on_accepted=loss.accepted,
    )
    memory = await _met(connection, identity, remembered, folder)
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
    popularity = RedisPopularity(connection, clock)
    newsstand = Newsstand(
        model=model,
        shelf=Shelf(
            Catalogue(
                Sealed(encoder.dimension),
                lambda: FaissTail(encoder.dimension),
                normalised=model.normalised,
            )
        ),
        encoder=encoder,
        articles=articles,
        readers=readers,
        popularity=popularity,
        experiments=RedisExperiments(connection),
        article_seconds=settings.article_seconds,
        later=tasks.later,
        policies=_policies(policy_file),
        cursor_key=bytes.fromhex(memory.cursor_key),
        state_is_lost=lambda: identity.lost is not None,
        clock=clock,
    )
    return Parts(
        newsstand=newsstand,
        connection=connection,
        articles=articles,
        log=ArticleLog(connection),
        readers=readers,
        popularity=popularity,
        tasks=tasks,
        policy_file=policy_file,
        append_only_file=AppendOnlyFile(connection) if url == embedded.url else None,
        identity=identity,
        loss=loss,
        memory=memory,
        folder=folder,
    )


async def _met(
    connection: Connection, identity: Identity, remembered: Memory | None, folder: Path
) -> Memory:
    """What is to be remembered of the store: as it is, or, while it is away or lost, as it was,
    until that is confirmed and made good.
    """
    try:
        await connection.open()
        await identity.establish()
        if remembered is not None and (
            identity.lost is not None or identity.current != remembered.identity
        ):
            return remembered
        memory = Memory(identity.current or "", (await cursor_key(connection)).hex())
        if identity.current is not None:
            memory.keep(folder)
    except Unavailable as error:
        if remembered is None:
            raise
        _log.warning("starting without the state store: %s", error.detail)
        return remembered
    except OSError as error:
        raise SetupError(f"{folder} cannot be written: {error}") from error
    return memory


def _name_of(url: str) -> str:
    """A name of its own for each store; the same in every process of a machine."""
    address = urlsplit(url)
    where = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"
    return hashlib.blake2b(where.encode(), digest_size=8).hexdigest()


def _policies(file: PolicyFile | None) -> Callable[[], PolicyBook]:
    built_in = PolicyBook()
    return lambda: built_in if file is None else file.book


def _encoder(settings: Settings, artefact: Artefact) -> OnnxEncoder:
    device = chosen_device(settings.device)
    threads = settings.encoder_threads or max(1, _cores() // settings.workers)
    try:
        encoder = OnnxEncoder(artefact, device, threads)
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
