"""Encoders in another process of this machine (``process``), behind the same port.

Shapes: N news, D dimensions.
"""

import asyncio
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from service.domain.encoding import EncodingFigures
from service.encoding.wire import Head, frame, raised, receive
from service.errors import Unavailable
from service.ports import Encoder, Vectors

LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True, eq=False, slots=True)
class RemoteEncoder:
    """The encoder port."""

    reference: str
    dimension: int
    precision: str
    _encoders: "RemoteEncoders"

    async def encode(self, news: Sequence[NewsInputs], *, in_background: bool = False) -> Vectors:
        """See ``ports.Encoder``."""
        if not news:
            return np.empty((0, self.dimension), np.float16)
        given = [astuple(item) for item in news]
        _, body = await self._encoders.ask(
            do="encode", model=self.reference, news=given, in_background=in_background
        )
        return np.frombuffer(body, np.float16).reshape(len(news), self.dimension)


class RemoteEncoders:
    """The encoders port over a socket. When the other process has ended, what is under way raises
    Unavailable; the next call finds its successor, and has it load what is loaded here.
    """

    def __init__(self, path: Path, patience_seconds: float = 30.0) -> None:
        """The process at the socket ``path`` is given so long to start."""
        self._path, self._patience = path, patience_seconds
        self._ids = count()
        self._loaded: set[str] = set()
        self._connecting: asyncio.Task[_Line] | None = None
        self._line: _Line | None = None

    @property
    def figures(self) -> EncodingFigures:
        """None of this process: the other one counts, for all workers."""
        return EncodingFigures()

    async def load(self, artefact: Artefact) -> RemoteEncoder:
        """See ``ports.Encoders``; waits for a process that is just starting. Raises Unavailable."""
        reference = artefact.manifest.reference
        deadline = time.monotonic() + self._patience
        while not await self._is_there() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)
        try:
            head, _ = await self.ask(do="load", model=reference)
        except asyncio.CancelledError:
            self._let_go(reference)
            raise
        self._loaded.add(reference)
        return RemoteEncoder(reference, head["dimension"], head["precision"], self)

    async def unload(self, encoder: Encoder) -> None:
        """See ``ports.Encoders``."""
        assert isinstance(encoder, RemoteEncoder)
        self._loaded.discard(encoder.reference)
        if self._connecting is not None:  # it may be having it loaded
            await asyncio.wait([self._connecting])
        if self._line is not None and not self._line.ended:
            await self._line.ask(next(self._ids), do="unload", model=encoder.reference)

    def close(self) -> None:
        """See ``ports.Encoders``."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._line is not None:
            self._line.close()

    async def ask(self, **wish: Any) -> tuple[Head, bytes]:
        """The answer to a wish. Raises Unavailable and what ``wire.raised`` knows."""
        return await (await self._connected()).ask(next(self._ids), **wish)

    async def _is_there(self) -> bool:
        try:
            await self._connected()
        except Unavailable:
            return False
        return True

    def _let_go(self, reference: str) -> None:
        """Unload what nobody waited for: it may be loaded all the same."""
        if reference not in self._loaded and self._line is not None:
            self._line.tell(next(self._ids), do="unload", model=reference)

    async def _connected(self) -> "_Line":
        """All who come wait for the same connection; it is made even if none of them waits on."""
        if self._line is not None and not self._line.ended:
            return self._line
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._connection_made)
        return await asyncio.shield(self._connecting)

    def _connection_made(self, connecting: "asyncio.Task[_Line]") -> None:
        self._connecting = None
        if not connecting.cancelled():
            connecting.exception()  # whoever still waits is told

    async def _connect(self) -> "_Line":
        try:
            line = _Line(*await asyncio.open_unix_connection(self._path))
        except OSError as error:
            raise Unavailable("the encoder process is away") from error
        try:
            for model in tuple(self._loaded):
                if model in self._loaded:  # and has not been let go of meanwhile
                    await line.ask(next(self._ids), do="load", model=model)
        except BaseException:
            line.close()
            raise
        self._line = line
        return line


class _Line:
    """A connection, and who waits at it."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._waiting: dict[int, asyncio.Future[tuple[Head, bytes]]] = {}
        self.ended = False
        self._listening = asyncio.create_task(self._listen())

    async def ask(self, asked: int, **wish: Any) -> tuple[Head, bytes]:
        if self.ended:
            raise Unavailable("the encoder process is away")
        answer = self._waiting[asked] = asyncio.get_running_loop().create_future()
        try:
            self._writer.write(frame({"id": asked, **wish}))
            await self._writer.drain()
            head, body = await answer
        except OSError as error:
            raise Unavailable("the encoder process is away") from error
        except asyncio.CancelledError:
            self.tell(asked, do="cancel")
            raise
        finally:
            del self._waiting[asked]
        if "error" in head:
            raise raised(head)
        return head, body

    def tell(self, asked: int, **wish: Any) -> None:
        """A wish whose answer nobody waits for."""
        if not self.ended:
            self._writer.write(frame({"id": asked, **wish}))

    def close(self) -> None:
        self._listening.cancel()
        self._end()

    async def _listen(self) -> None:
        try:
            while True:
                head, body = await receive(self._reader)
                answer = self._waiting.get(head["id"])
                if answer is not None and not answer.done():
                    answer.set_result((head, body))
        except (asyncio.IncompleteReadError, OSError):
            self._end()

    def _end(self) -> None:
        self.ended = True
        self._writer.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Unavailable("the encoder process has ended"))
