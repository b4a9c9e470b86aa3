"""The encoder process: one engine for all workers of a machine.

A model is in memory once, and what several workers want encoded shares batches. A worker's texts
are dropped when it is gone; a model is let go of when no worker holds it any more.
"""

import asyncio
import logging
from asyncio import StreamReader, StreamWriter, Task
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from service.encoding.memory import give_back
from service.encoding.wire import Head, failure, frame, receive
from service.errors import Overloaded, Unavailable
from service.ports import Encoder, Encoders

_log = logging.getLogger(__name__)
Answer = Coroutine[None, None, tuple[Head, bytes]]
Wish = Callable[["_Worker", Head], Answer]


@asynccontextmanager
async def serving(
    path: Path, encoders: Encoders, find: Callable[[str], Artefact]
) -> AsyncIterator[None]:
    """Answer workers at the socket ``path``, which is not there yet, while the block runs; ``find``
    gives a model by its reference, or raises ModelStoreError.
    """
    models = _Models(encoders, find)
    workers: set[Task[None]] = set()

    def answer(reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(_Worker(models, writer).serve(reader))
        workers.add(task)
        task.add_done_callback(workers.discard)
        task.add_done_callback(lambda _: writer.close())

    async with await asyncio.start_unix_server(answer, path):
        yield
        for task in workers:
            task.cancel()
        if workers:
            await asyncio.wait(workers)


class _Models:
    """Models by reference, each loaded once for all who hold it."""

    def __init__(self, encoders: Encoders, find: Callable[[str], Artefact]) -> None:
        self._encoders, self._find = encoders, find
        self._holders: Counter[str] = Counter()
        self._loading: dict[str, Task[Encoder]] = {}

    async def hold(self, model: str) -> Encoder:
        self._holders[model] += 1
        if model not in self._loading:
            self._loading[model] = asyncio.create_task(self._load(model))
        try:
            return await asyncio.shield(self._loading[model])
        except BaseException:
            await self.release(model)
            raise

    async def release(self, model: str) -> None:
        """Whoever is cancelled here has released it all the same."""
        self._holders[model] -= 1
        if not self._holders[model]:
            await asyncio.shield(self._let_go(self._loading.pop(model)))

    async def _let_go(self, loading: Task[Encoder]) -> None:
        (loaded,) = await asyncio.gather(loading, return_exceptions=True)
        if not isinstance(loaded, BaseException):
            await self._encoders.unload(loaded)
            del loaded
            await asyncio.to_thread(give_back)

    async def _load(self, model: str) -> Encoder:
        return await self._encoders.load(await asyncio.to_thread(self._find, model))


class _Worker:
    """A worker at the other end of a connection."""

    def __init__(self, models: _Models, writer: StreamWriter) -> None:
        self._models, self._writer = models, writer
        self._held: dict[str, Encoder] = {}
        self._asked: dict[int, Task[None]] = {}

    async def serve(self, reader: StreamReader) -> None:
        """Answer until the worker is gone."""
        try:
            while True:
                head, _ = await receive(reader)
                self._take(head)
        except (asyncio.IncompleteReadError, OSError):
            pass  # it is gone
        finally:
            for task in self._asked.values():
                task.cancel()
            for model in self._held:
                await self._models.release(model)

    def _take(self, head: Head) -> None:
        if head["do"] == "cancel":
            if task := self._asked.get(head["id"]):
                task.cancel()
            return
        task = self._asked[head["id"]] = asyncio.create_task(self._answer(head["id"], head))
        task.add_done_callback(lambda _: self._asked.pop(head["id"], None))

    async def _answer(self, asked: int, wish: Head) -> None:
        try:
            head, body = await self._WISHES[wish["do"]](self, wish)
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker is told
            if not isinstance(error, Overloaded):
                _log.exception("a worker's wish failed")
            head, body = failure(error), b""
        with suppress(OSError):  # the worker is gone
            self._writer.write(frame({"id": asked, **head}, body))
            await self._writer.drain()

    async def _load(self, head: Head) -> tuple[Head, bytes]:
        model = head["model"]
        if model not in self._held:
            held = await self._models.hold(model)
            if model in self._held:  # it asked twice at once
                await self._models.release(model)
            self._held[model] = held
        encoder = self._held[model]
        return {"dimension": encoder.dimension, "precision": encoder.precision}, b""

    async def _unload(self, head: Head) -> tuple[Head, bytes]:
        if self._held.pop(head["model"], None) is not None:
            await self._models.release(head["model"])
        return {}, b""

    async def _encode(self, head: Head) -> tuple[Head, bytes]:
        encoder = self._held.get(head["model"])
        if encoder is None:
            raise Unavailable("the model is not loaded any more")
        news = [NewsInputs(*given) for given in head["news"]]
        vectors_ND = await encoder.encode(news, in_background=head["in_background"])
        return {}, vectors_ND.tobytes()

    _WISHES: Final[Mapping[str, Wish]] = {"load": _load, "unload": _unload, "encode": _encode}
