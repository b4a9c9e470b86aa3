"""The engine: one thread that encodes what all callers ask of all models that are loaded.

It never waits while there is work: whenever the thread is free it takes the oldest text, and with
it all texts of the same model and shape, whoever asked for them. So batches fill under load, and a
text alone is not held up; nor is it by an import, for calls for few texts and calls for many take
turns. What a call asks for stands and falls together.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.manifest import Precision
from model_store.news_encoder import NewsEncoder
from model_store.sessions import Device
from service.domain.encoding import EncodingFigures
from service.encoding.demand import Demand, Text, Urgency, settle
from service.encoding.lane import Group
from service.encoding.limits import DEFAULT, Limits
from service.encoding.loaded import LoadedEncoder, Works
from service.encoding.pace import characters
from service.encoding.queue import Queue
from service.errors import EncodingFailed, Overloaded, Unavailable
from service.ports import Encoder, Vectors

FEW: Final = 8
"""A call for no more texts than this does not wait for all texts of calls for many."""
TOKENISED_AT_ONCE: Final = 256
BACKGROUND_PART: Final = 4
"""A batch in the background is a quarter of a full one: so soon the thread is free again."""


class Opens(Protocol):
    """Loads an artefact's encoder."""

    def __call__(
        self, artefact: Artefact, precision: Precision, *, device: Device, threads: int
    ) -> NewsEncoder:
        """See ``NewsEncoder``."""
        ...


class Engine:
    """The encoders of a process (``ports.Encoders``)."""

    def __init__(
        self,
        device: Device,
        threads: int,
        *,
        background_share: float = 0.5,
        limits: Limits = DEFAULT,
        opens: Opens = NewsEncoder,
    ) -> None:
        """``threads``: of each model, 0 for one per core. ``background_share``: the part of the
        time, above 0 and at most 1, that what is asked for in the background may have.
        """
        self._device, self._threads, self._opens = device, threads, opens
        self._limits = limits
        self._rest_per_second = (1 - background_share) / background_share
        self._changed = threading.Condition()
        # One thread loads all models: each thread has a heap of its own, which it does not give
        # back, and memory would grow with every switch until all of a pool had loaded one.
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="loading")
        self._queue = Queue()
        self._loaded: dict[Encoder, Works] = {}
        self._at_work: Encoder | None = None
        self._background_from = 0.0
        self._closed = False
        self._batches: Counter[int] = Counter()
        self._refused, self._seconds = 0, 0.0
        self._thread = threading.Thread(target=self._work, name="encoder", daemon=True)
        self._thread.start()

    async def load(self, artefact: Artefact) -> LoadedEncoder:
        """See ``ports.Encoders``."""
        with self._changed:
            self._refuse_if_closed()
            loading = self._loader.submit(self._load, artefact)
        return await asyncio.wrap_future(loading)

    async def unload(self, encoder: Encoder) -> None:
        """See ``ports.Encoders``."""
        with self._changed:
            self._loaded.pop(encoder, None)
            refused = self._queue.unloaded(encoder)
        settle(refused, _no_longer_loaded)
        await asyncio.to_thread(self._let_go, encoder)

    def close(self) -> None:
        """See ``ports.Encoders``."""
        with self._changed:
            self._closed = True
            refused = [d for model in self._loaded for d in self._queue.unloaded(model)]
            self._loaded.clear()
            self._loader.shutdown(wait=False)
            self._changed.notify_all()
        settle(refused, _no_longer_loaded)
        self._thread.join()

    @property
    def figures(self) -> EncodingFigures:
        """What was done until now."""
        with self._changed:
            loads = self._queue.loads.values()
            return EncodingFigures(
                waiting_texts=sum(load.texts.total() for load in loads),
                waiting_tokens=sum(load.tokens.total() for load in loads),
                batches=dict(self._batches),
                texts=sum(size * times for size, times in self._batches.items()),
                dropped=self._queue.dropped,
                refused=self._refused,
                shared=self._queue.shared,
                seconds=self._seconds,
            )

    def _load(self, artefact: Artefact) -> LoadedEncoder:
        manifest = artefact.manifest
        precision = manifest.best_precision(self._device)
        opened = self._opens(artefact, precision, device=self._device, threads=self._threads)
        works = Works.of(artefact, opened)
        encoder = LoadedEncoder(manifest.reference, opened.dimension, precision, self._encode)
        with self._changed:
            self._refuse_if_closed()
            self._loaded[encoder] = works
        return encoder

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Unavailable("the service is stopping")

    def _let_go(self, encoder: Encoder) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._at_work is not encoder)

    async def _encode(
        self, encoder: LoadedEncoder, news: Sequence[NewsInputs], in_background: bool
    ) -> Vectors:
        demand = Demand.of(len(news), encoder.dimension)
        urgency = Urgency.FEW if len(news) <= FEW else Urgency.MANY
        if in_background:
            urgency = Urgency.BACKGROUND
        if not news:
            return demand.vectors_ND
        with self._changed:
            works = self._loaded.get(encoder)
            if works is None:
                raise _no_longer_loaded()
            if urgency is not Urgency.BACKGROUND:
                self._admit(encoder, works, news, urgency)
            self._queue.join(demand, encoder, news, works.pace.tokens, urgency)
            self._changed.notify_all()
        try:
            return await demand.future
        except asyncio.CancelledError:
            with self._changed:
                self._queue.leave(demand)
            raise

    def _admit(
        self, encoder: Encoder, works: Works, news: Sequence[NewsInputs], urgency: Urgency
    ) -> None:
        """Raises Overloaded if with these texts too much would wait."""
        new = self._queue.new(encoder, news, urgency)
        load, limits = self._queue.loads[urgency], self._limits
        backlog = sum(
            self._loaded[model].pace.seconds(tokens)
            for model, tokens in load.tokens.items()
            if model in self._loaded
        )
        seconds = backlog + works.pace.seconds(sum(map(works.pace.tokens, new)))
        floor = limits.always if urgency is Urgency.MANY else 0
        urgent = [self._queue.loads[one] for one in (Urgency.FEW, Urgency.MANY)]
        texts = sum(one.texts.total() for one in urgent) + len(new)
        length = sum(one.characters for one in urgent) + sum(map(characters, new))
        waiting = load.texts[encoder]
        if not limits.allow(len(new), waiting, seconds, floor) or not limits.hold(texts, length):
            self._refused += len(news)
            raise Overloaded("too many articles are waiting to be encoded", backlog)

    def _work(self) -> None:
        while self._step():
            pass

    def _step(self) -> bool:
        """Do the next piece of work, once there is one; False when there will be none."""
        with self._changed:
            while not (texts := self._taken()) and not self._closed:
                self._changed.wait(self._rest())
            if not texts:
                return False
            self._at_work, urgency = texts[0].model, texts[0].urgency
        began = time.perf_counter()
        self._perform(texts)
        seconds = time.perf_counter() - began
        with self._changed:
            self._at_work = None
            self._seconds += seconds
            if urgency is Urgency.BACKGROUND:
                self._background_from = time.monotonic() + seconds * self._rest_per_second
            self._changed.notify_all()
        return True

    def _taken(self) -> list[Text]:
        """The texts that are next, in hand; none if there is nothing to do now."""
        texts = self._queue.take_urgent(TOKENISED_AT_ONCE, self._size)
        if texts or time.monotonic() < self._background_from:
            return texts
        return self._queue.take_background(
            TOKENISED_AT_ONCE // BACKGROUND_PART,
            lambda group: max(2, self._size(group) // BACKGROUND_PART),
        )

    def _rest(self) -> float | None:
        """How long there is nothing to do, if nobody comes."""
        if self._queue.background.idle:
            return None
        return max(0.0, self._background_from - time.monotonic())

    def _size(self, group: Group) -> int:
        model, shape = group
        return self._loaded[model].encoder.size(shape)

    def _perform(self, texts: Sequence[Text]) -> None:
        with self._changed:
            works = self._loaded.get(texts[0].model)
        done: Sequence[Demand] = ()
        failure: Callable[[], Exception] | None = None
        try:
            if works is None:
                raise _no_longer_loaded()
            if texts[0].tokens is None:
                works.tokenise(texts)
                with self._changed:
                    self._queue.tokenised(texts)
            else:
                vectors_BD = works.vectors(texts)
                with self._changed:
                    self._batches[len(texts)] += 1
                    done = self._queue.encoded(texts, vectors_BD)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to those who wait
            failure = _failing(error)
            with self._changed:
                done = self._queue.failed(texts)
        settle(done, failure)


def _no_longer_loaded() -> Exception:
    return Unavailable("the model is not loaded any more")


def _failing(cause: Exception) -> Callable[[], Exception]:
    def failure() -> Exception:
        error = EncodingFailed(f"a batch was not encoded: {type(cause).__name__}")
        error.__cause__ = cause
        return error

    return failure
