"""The web page: a few files, read once, that anyone may have.

What they show they fetch from ``/v1`` like any other client, with whatever key their reader gives.
They may run and load nothing but each other, so that no text of an article can become more than
text; pictures alone may come from elsewhere.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import PurePath
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from service.api.strict_json import JSON, BodilessRoute
from service.sample import Record, sample

INDEX: Final = "index.html"
PERSONAS: Final = "personas.json"
MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": JSON,
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""Of the files that are served, by their suffix; any other stays in its folder."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Cache-Control": "no-cache",  # keep it, and ask each time whether it is still the same
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file as it is served; ``tag`` names its content."""

    body: bytes = field(repr=False)
    media_type: str
    tag: str

    @classmethod
    def of(cls, name: str, body: bytes) -> "PageFile":
        """The file of that name and content."""
        digest = hashlib.blake2b(body, digest_size=12).hexdigest()
        return cls(body, MEDIA_TYPES[PurePath(name).suffix], f'"{digest}"')

    def answer(self, request: Request) -> Response:
        """The file, or 304 to whoever has it already."""
        headers = {**HEADERS, "ETag": self.tag}
        if self.tag in _tags(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(self.body, headers=headers, media_type=self.media_type)


def router() -> APIRouter:
    """The routes of the page; they are no part of the interface, and in no schema."""
    files = {name: PageFile.of(name, body) for name, body in _contents()}
    index = files.pop(INDEX)
    routes = APIRouter(route_class=BodilessRoute, include_in_schema=False)

    @routes.api_route("/", methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        return index.answer(request)

    @routes.api_route("/page/{file}", methods=["GET", "HEAD"])
    async def page_file(file: str, request: Request) -> Response:
        if file not in files:
            raise HTTPException(404)
        return files[file].answer(request)

    return routes


def personas() -> list[Record]:
    """The sample's readers, whom a visitor may play: what they read, the oldest first."""
    return [_persona(reader) for reader in sample("readers")]


def _persona(reader: Record) -> Record:
    shown = {name: reader[name] for name in ("name", "about", "languages")}
    return {**shown, "clicks": [click["article_id"] for click in reader["clicks"]]}


def _contents() -> Iterator[tuple[str, bytes]]:
    for file in resources.files("service").joinpath("page").iterdir():
        if PurePath(file.name).suffix in MEDIA_TYPES:
            yield file.name, file.read_bytes()
    yield PERSONAS, orjson.dumps(personas())


def _tags(named: str) -> set[str]:
    """The tags in an ``If-None-Match``, compared weakly (RFC 9110)."""
    return {tag.strip().removeprefix("W/") for tag in named.split(",")}
