"""A proxy before a server: an address that moves, a slow network, TLS, a connection that is cut."""

import asyncio
import ssl
import threading
from collections.abc import Callable

from tests.redis_servers import Server


class Forwarder:
    """A context manager with a port of its own, in a thread of its own."""

    def __init__(self, target: Server, tls: ssl.SSLContext | None = None) -> None:
        self.target = target
        """Where new connections lead; may be set to another server."""
        self.answers_after = 0.0
        """Seconds by which each answer is late."""
        self.cut_after_asking: Callable[[bytes], bool] = lambda asked: False
        """Whether to close the connection once the server was sent this, before it answers."""
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"redis{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def __enter__(self) -> "Forwarder":
        self._thread.start()
        self._server = self._call(
            asyncio.start_server(self._forward, "127.0.0.1", 0, ssl=self._tls)
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def lead_to(self, target: Server) -> None:
        """Lead to another server, as a service address that moves; what is open is cut."""
        self.target = target
        self._call(self._cut())

    def _call(self, work):  # type: ignore[no-untyped-def]
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _end(self) -> None:
        self._server.close()
        await self._cut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        if tasks:
            await asyncio.wait(tasks)

    async def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            inner = await asyncio.open_connection("127.0.0.1", self.target.port)
        except OSError:
            writer.close()
            return
        self._open.add(inner[1])
        ways = [self._asking(reader, inner[1], writer), self._answering(inner[0], writer)]
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for side in (writer, inner[1]):
                side.close()
                self._open.discard(side)

    async def _asking(
        self, reader: asyncio.StreamReader, to: asyncio.StreamWriter, back: asyncio.StreamWriter
    ) -> None:
        while asked := await reader.read(65_536):
            to.write(asked)
            await to.drain()
            if self.cut_after_asking(asked):
                back.transport.abort()
                await asyncio.sleep(0.1)  # the server takes in what it was sent
                return

    async def _answering(self, reader: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while answer := await reader.read(65_536):
            await asyncio.sleep(self.answers_after)
            to.write(answer)
            await to.drain()
