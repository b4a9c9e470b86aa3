"""A small real service on loopback that judges as Newsstand does and remembers what it got."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from service.api.batches import Refused, parse_items, rejected
from service.domain.article import IdentifiedArticle
from service.domain.event import Event

Items = list[dict[str, Any]]
Judge = Callable[[Any], dict[str, Any]]


@dataclass
class RecordingService:
    """What arrived, and what to answer first: ``script`` holds (status, headers, body)."""

    url: str
    posts: list[tuple[str, dict[str, str], Items]] = field(default_factory=list)
    script: list[tuple[int, dict[str, str], dict[str, Any] | bytes]] = field(default_factory=list)
    articles: dict[str, IdentifiedArticle] = field(default_factory=dict)
    event_ids: set[tuple[str, str | None]] = field(default_factory=set)
    scripted: Callable[[Items], bool] = lambda items: True
    """Which posts the script is for."""
    holds: Callable[[Items], bool] = lambda items: False
    """Which posts wait for their answer until they are let go."""
    let_go: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def received(self, field_name: str) -> list[str]:
        """A field of every item that was posted, sorted: posts overtake one another."""
        return sorted(item[field_name] for _, _, items in self.posts for item in items)

    def wait_for_posts(self, number: int) -> None:
        """Return once so many posts have arrived, answered or not."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.posts) >= number, timeout=60)

    def remember(self, path: str, headers: dict[str, str], body: bytes) -> Items:
        """Note the post; what it holds."""
        items = [orjson.loads(line) for line in body.splitlines()]
        with self.arrived:
            self.posts.append((path, headers, items))
            self.arrived.notify_all()
        return items

    def judge_article(self, article: IdentifiedArticle) -> dict[str, Any]:
        """As ``POST /v1/articles`` does."""
        before = self.articles.get(article.article_id)
        self.articles[article.article_id] = article
        status = "created" if before is None else "unchanged" if before == article else "updated"
        return {"article_id": article.article_id, "status": status}

    def judge_event(self, event: Event) -> dict[str, Any]:
        """As ``POST /v1/events`` does."""
        known = (event.user_id, event.event_id)
        duplicate = known in self.event_ids
        self.event_ids.add(known)
        return {"status": "duplicate" if duplicate else "recorded"}


@dataclass
class Server:
    """The HTTP server, shared by many tests; ``service`` is the one that it is for now."""

    url: str
    service: RecordingService

    @contextmanager
    def fresh(self) -> Iterator[RecordingService]:
        """A service that remembers nothing; what still waits in it is let go after the block."""
        self.service = RecordingService(self.url)
        try:
            yield self.service
        finally:
            self.service.let_go.set()


@contextmanager
def serving() -> Iterator[Server]:
    """The server, for the time of the block."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = Server(url, RecordingService(url))
        config = uvicorn.Config(
            _application(server), log_config=None, ws="none", lifespan="off", loop="asyncio"
        )
        running = _Uvicorn(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            assert running.ready.wait(timeout=30)
            yield server
        finally:
            running.should_exit = True
            thread.join(timeout=30)


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _application(server: Server) -> FastAPI:
    app = FastAPI()

    async def judged(
        service: RecordingService, request: Request, model: Any, judge: Judge
    ) -> Response:
        body = await request.body()
        posted = service.remember(request.url.path, dict(request.headers), body)
        if service.holds(posted):
            await run_in_threadpool(service.let_go.wait)
        if service.script and service.scripted(posted):
            status, headers, content = service.script.pop(0)
            is_bytes = isinstance(content, bytes)
            return Response(content if is_bytes else orjson.dumps(content), status, headers)
        items = parse_items(request.headers["content-type"], body, model)
        results = [
            rejected(index, item).model_dump(by_alias=True, exclude_none=True)
            if isinstance(item, Refused)
            else judge(item)
            for index, item in enumerate(items)
        ]
        refused = sum(result["status"] == "rejected" for result in results)
        counted = {"accepted": len(results) - refused, "rejected": refused, "results": results}
        return Response(orjson.dumps(counted), media_type="application/json")

    @app.post("/v1/articles")
    async def articles(request: Request) -> Response:
        service = server.service
        return await judged(service, request, IdentifiedArticle, service.judge_article)

    @app.post("/v1/events")
    async def events(request: Request) -> Response:
        service = server.service
        return await judged(service, request, Event, service.judge_event)

    return app
