"""The engine: threads that encode what all callers ask of all models that are loaded.

None waits while there is work: whenever a thread is free it takes the oldest text, and with it all
texts of the same model and shape, whoever asked for them. So batches fill under load, and a text
alone is not held up; nor is it by an import, for calls for few texts and calls for many take turns.
On a CPU each batch has one thread: several batches side by side are faster than one batch over
several cores.

A call has all of its vectors or none. Texts that fail together are tried one by one, so that no
call fails for another's sake.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, Protocol

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.manifest import Precision
from model_store.news_encoder import NewsEncoder
from model_store.sessions import Device
from service.domain.encoding import EncodingFigures
from service.encoding.admission import DEFAULT, Admission, Limits
from service.encoding.cores import cores
from service.encoding.demand import Demand, Text, Urgency, settle
from service.encoding.lane import Group
from service.encoding.loaded import Loaded, LoadedEncoder
from service.encoding.priority import step_back
from service.encoding.queue import Queue
from service.encoding.share import BackgroundShare
from service.errors import Overloaded, Unavailable
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
        """``threads``: 0 for one per core. On a CPU so many batches run at once; on a GPU one does,
        and the threads are those of what it leaves to the CPU. ``background_share``: the part of
        the time of all, above 0 and at most 1, that what is asked for in the background may have.
        """
        threads = threads or cores()
        at_once, self._threads_of_one = (1, threads) if device == "cuda" else (threads, 1)
        self._device: Device = device
        self._opens = opens
        self._background = BackgroundShare(background_share, at_once)
        lock = threading.Lock()
        self._changed = threading.Condition(lock)
        """There is more to do."""
        self._ended = threading.Condition(lock)
        """A batch has ended."""
        # One thread loads all models: each thread has a heap of its own, which it does not give
        # back, and memory would grow with every switch until all of a pool had loaded one.
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="loading")
        self._queue = Queue()
        self._loaded: dict[Encoder, Loaded] = {}
        self._admission = Admission(limits, at_once, self._queue, self._loaded)
        self._at_work: Counter[Encoder] = Counter()
        self._closed = False
        self._batches: Counter[int] = Counter()
        self._refused, self._seconds = 0, 0.0
        self._threads = [
            threading.Thread(target=self._work, name=f"encoder-{number}", daemon=True)
            for number in range(at_once)
        ]
        for thread in self._threads:
            thread.start()

    async def load(self, artefact: Artefact) -> LoadedEncoder:
        """See ``ports.Encoders``."""
        with self._changed:
            self._refuse_if_closed()
            loading = self._loader.submit(self._load, artefact)
        try:
            return await asyncio.wrap_future(loading)
        except asyncio.CancelledError:
            await asyncio.shield(asyncio.to_thread(self._undo, loading))
            raise

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
        for thread in self._threads:
            thread.join()

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
        opened = self._opens(artefact, precision, device=self._device, threads=self._threads_of_one)
        loaded = Loaded.of(artefact, opened)
        encoder = LoadedEncoder(manifest.reference, opened.dimension, precision, self._encode)
        with self._changed:
            self._refuse_if_closed()
            self._loaded[encoder] = loaded
        return encoder

    def _undo(self, loading: Future[LoadedEncoder]) -> None:
        """Let go of what is loaded for nobody, once it is."""
        wait([loading])
        if not loading.cancelled() and loading.exception() is None:
            with self._changed:
                self._loaded.pop(loading.result(), None)

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Unavailable("the service is stopping")

    def _let_go(self, encoder: Encoder) -> None:
        with self._ended:
            self._ended.wait_for(lambda: not self._at_work[encoder])
            del self._at_work[encoder]

    async def _encode(
        self, encoder: LoadedEncoder, news: Sequence[NewsInputs], in_background: bool
    ) -> Vectors:
        demand = Demand.of(len(news), encoder.dimension)
        if not news:
            return demand.vectors_ND
        urgency = Urgency.FEW if len(news) <= FEW else Urgency.MANY
        self._join(demand, encoder, news, Urgency.BACKGROUND if in_background else urgency)
        try:
            return await demand.future
        except asyncio.CancelledError:
            with self._changed:
                self._queue.leave(demand)
            raise

    def _join(
        self, demand: Demand, encoder: Encoder, news: Sequence[NewsInputs], urgency: Urgency
    ) -> None:
        with self._changed:
            loaded = self._loaded.get(encoder)
            if loaded is None:
                raise _no_longer_loaded()
            if urgency is not Urgency.BACKGROUND:
                self._admit(encoder, news, urgency)
            self._queue.join(demand, encoder, news, loaded.pace.tokens, urgency)
            self._changed.notify(len(news))

    def _admit(self, encoder: Encoder, news: Sequence[NewsInputs], urgency: Urgency) -> None:
        try:
            self._admission.admit(encoder, news, urgency)
        except Overloaded:
            self._refused += len(news)
            raise

    def _work(self) -> None:
        step_back()
        while self._step():
            pass

    def _step(self) -> bool:
        """Do the next piece of work, once there is one; False when there will be none."""
        with self._changed:
            while not (texts := self._taken()) and not self._closed:
                self._changed.wait(self._rest())
            if not texts:
                return False
            model, urgency = texts[0].model, texts[0].urgency
            self._at_work[model] += 1
        began = time.monotonic()
        self._perform(texts)
        seconds = time.monotonic() - began
        with self._changed:
            self._at_work[model] -= 1
            self._seconds += seconds
            if urgency is Urgency.BACKGROUND:
                self._background.had(began, seconds)
            self._ended.notify_all()
        return True

    def _taken(self) -> list[Text]:
        """The texts that are next, in hand; none if there is nothing to do now."""
        texts = self._queue.take_urgent(TOKENISED_AT_ONCE, self._size)
        if texts or self._background.rest(time.monotonic()):
            return texts
        return self._queue.take_background(
            TOKENISED_AT_ONCE // BACKGROUND_PART,
            lambda group: max(2, self._size(group) // BACKGROUND_PART),
        )

    def _rest(self) -> float | None:
        """How long there is nothing to do, if nobody comes."""
        if self._queue.background.idle:
            return None
        return self._background.rest(time.monotonic())

    def _size(self, group: Group) -> int:
        model, shape = group
        return self._loaded[model].encoder.size(shape)

    def _perform(self, texts: Sequence[Text]) -> None:
        try:
            done = self._done(texts)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to those who wait
            if len(texts) > 1:
                for text in texts:
                    self._perform([text])
                return
            with self._changed:
                done = self._queue.failed(texts[0], error)
        settle(done)

    def _done(self, texts: Sequence[Text]) -> Sequence[Demand]:
        """Tokenise the texts, or encode them; the demands that are complete with that."""
        with self._changed:
            loaded = self._loaded.get(texts[0].model)
        if loaded is None:
            raise _no_longer_loaded()
        if texts[0].tokens is None:
            loaded.tokenise(texts)
            with self._changed:
                self._queue.tokenised(texts)
                self._changed.notify(len(texts) - 1)
            return ()
        vectors_BD = loaded.vectors(texts)
        with self._changed:
            self._batches[len(texts)] += 1
            return self._queue.encoded(texts, vectors_BD)


def _no_longer_loaded() -> Exception:
    return Unavailable("the model is not loaded any more")
