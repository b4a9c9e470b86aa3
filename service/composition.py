"""The composition root: from settings and an artefact to a newsstand whose parts fit together."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
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
from service.adapters.gpu_index import segments_on
from service.adapters.key_file import read_keys
from service.adapters.policy_file import read_policies
from service.adapters.redis.append_only_file import AppendOnlyFile
from service.adapters.redis.article_log import ArticleLog
from service.adapters.redis.articles import RedisArticles
from service.adapters.redis.connection import Connection
from service.adapters.redis.cursor_key import cursor_key
from service.adapters.redis.experiments import RedisExperiments
from service.adapters.redis.identity import Identity
from service.adapters.redis.popularity import RedisPopularity
from service.adapters.redis.readers import RedisReaders
from service.adapters.redis.rosters import RedisRosters
from service.adapters.redis.unwritten import Unwritten
from service.adapters.snapshots.memory import Memory
from service.adapters.snapshots.segment_files import Opens
from service.adapters.watched_file import Content, WatchedFile
from service.background.loss import Loss
from service.background.tasks import Tasks
from service.catalogue.catalogue import Catalogue
from service.catalogue.pools import Pools
from service.catalogue.sealed import Sealed
from service.domain.api_key import Keyring
from service.domain.experiment import PolicyBook
from service.domain.lookups import Caches
from service.encoding.cores import cores
from service.encoding.engine import Engine
from service.encoding.interests import interests
from service.encoding.readers import Readers
from service.encoding.remote import RemoteEncoders
from service.errors import SetupError, Unavailable
from service.pipeline.newsstand import Newsstand, ServedModel, Shelf
from service.ports import Encoders
from service.settings import Settings

EMBEDDED: Final = "embedded"
_log = logging.getLogger(__name__)


def find_artefact(settings: Settings) -> Artefact:
    """The verified artefact that the settings ask for. Raises SetupError."""
    return load_artefact(settings, settings.model or DEFAULT_ARTEFACT)


def load_artefact(settings: Settings, reference: str) -> Artefact:
    """A verified artefact of the settings' model store. Raises SetupError."""
    try:
        return ModelStore.at(settings.model_store).load(reference)
    except ModelStoreError as error:
        raise SetupError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process has once, whatever models it serves, and what keeps it going (``upkeep``)."""

    settings: Settings
    clock: Callable[[], float]
    connection: Connection
    log: ArticleLog
    unwritten: Unwritten
    popularity: RedisPopularity
    encoders: Encoders
    opens: Opens
    """A segment's index, on a GPU where there is one."""
    readers: Readers
    tasks: Tasks
    policies: Callable[[], PolicyBook]
    policy_file: WatchedFile[PolicyBook] | None
    key_file: WatchedFile[Keyring] | None
    """None: whoever reaches the service may do everything."""
    append_only_file: AppendOnlyFile | None
    """Of the embedded server: any other is the operator's to rewrite."""
    identity: Identity
    loss: Loss
    memory: Memory
    """What this machine knew of the store when it started."""
    folder: Path
    """What is kept on disk of this store."""
    caches: Caches = field(default_factory=Caches)
    """Counted over all models."""


async def assembled(
    settings: Settings,
    stack: AsyncExitStack,
    clock: Callable[[], float],
    encoder: Path | None = None,
) -> Parts:
    """Bring every part up, in order; ``stack`` takes them down again. ``encoder`` is where the
    encoder process listens; without one this process encodes for itself.

    Raises SetupError, or Unavailable if the state store does not answer and this machine has
    never met it.
    """
    policy_file = _watched("the policies", settings.policies_file, read_policies)
    key_file = _watched("the API keys", settings.api_keys_file, read_keys)
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
    encoders: Encoders = engine_of(settings) if encoder is None else RemoteEncoders(encoder)
    stack.callback(encoders.close)
    readers = Readers()
    stack.callback(readers.close)
    return Parts(
        settings=settings,
        clock=clock,
        connection=connection,
        log=ArticleLog(connection),
        unwritten=Unwritten(connection),
        popularity=RedisPopularity(connection, clock),
        encoders=encoders,
        opens=segments_on(settings.device),
        readers=readers,
        tasks=await stack.enter_async_context(Tasks()),
        policies=_policies(policy_file),
        policy_file=policy_file,
        key_file=key_file,
        append_only_file=AppendOnlyFile(connection) if url == embedded.url else None,
        identity=identity,
        loss=loss,
        memory=memory,
        folder=folder,
    )


async def newsstand_under(
    artefact: Artefact, parts: Parts, others: Callable[[], Sequence[Newsstand]] = tuple
) -> Newsstand:
    """A newsstand under one model, with nothing in its catalogue yet and nothing going on beside
    it. Raises ModelStoreError.
    """
    settings, manifest = parts.settings, artefact.manifest
    users = await asyncio.to_thread(user_model, artefact)
    encoder = await parts.encoders.load(artefact)
    _log.info("%s in %s", manifest.reference, encoder.precision)
    model = ServedModel(
        reference=manifest.reference,
        reader=ArticleReader.of(manifest),
        history_length=settings.history_length or manifest.scoring.history_length,
        users=users,
        interest=interests(users, parts.readers),
        normalised=manifest.normalised,
    )
    sealed = Sealed(encoder.dimension)
    return Newsstand(
        model=model,
        shelf=Shelf(
            Catalogue(sealed, lambda: FaissTail(encoder.dimension), normalised=model.normalised)
        ),
        encoder=encoder,
        articles=RedisArticles(
            parts.connection,
            model=model.reference,
            article_seconds=settings.article_seconds,
            vector_seconds=settings.reader_seconds,
        ),
        readers=RedisReaders(
            parts.connection,
            model=model.reference,
            history_length=model.history_length,
            reader_seconds=settings.reader_seconds,
            unwritten=parts.unwritten,
        ),
        popularity=parts.popularity,
        experiments=RedisExperiments(parts.connection),
        article_seconds=settings.article_seconds,
        later=parts.tasks.later,
        policies=parts.policies,
        cursor_key=bytes.fromhex(parts.memory.cursor_key),
        encoding=lambda: parts.encoders.figures,
        others=others,
        state_is_lost=lambda: parts.identity.lost is not None,
        clock=parts.clock,
        caches=parts.caches,
        pools=Pools(parts.caches.pools),
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
        roster = await RedisRosters(connection).read()
        key = await cursor_key(connection)
        memory = Memory(identity.current or "", key.hex(), roster.active)
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


def _watched(
    what: str, path: Path | None, read: Callable[[Path], Content]
) -> WatchedFile[Content] | None:
    return None if path is None else WatchedFile(what, path, read)


def _policies(file: WatchedFile[PolicyBook] | None) -> Callable[[], PolicyBook]:
    built_in = PolicyBook()
    return lambda: built_in if file is None else file.content


def engine_of(settings: Settings) -> Engine:
    """The engine of this process. Raises SetupError."""
    device = chosen_device(settings.device)
    _log.info("encoding on %s", device)
    threads = settings.encoder_threads or cores()
    return Engine(device, threads, background_share=settings.reencode_share)
