"""Bodies: the right content type, strict JSON, no larger and no slower than allowed."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import orjson
from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from service.api.access import GuardedRoute
from service.errors import (
    ClientGone,
    FieldError,
    Invalid,
    Malformed,
    TooLarge,
    TooSlow,
    UnsupportedMedia,
)

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
MAX_BODY_BYTES: Final = 16 * 1024 * 1024
BODY_SECONDS: Final = 10.0
SLOWEST_BYTES_A_SECOND: Final = 64 * 1024
"""A body may take ``BODY_SECONDS``, and as much longer as what came of it takes at this pace."""
MAX_PARAMETERS: Final = 1_000


class StrictRequest(Request):
    """A request whose body is read once, and bounded in size and time."""

    async def body(self) -> bytes:
        """The body. Raises TooLarge, TooSlow, and ClientGone where the client hung up halfway."""
        if not hasattr(self, "_body"):
            declared = self.headers.get("content-length", "")
            if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
                raise _too_large()
            self._body = await self._read()
        return self._body

    async def _read(self) -> bytes:
        read, latest = bytearray(), asyncio.get_running_loop().time() + BODY_SECONDS
        try:
            async with asyncio.timeout_at(latest) as limit:
                async for piece in self.stream():
                    read += piece
                    if len(read) > MAX_BODY_BYTES:
                        raise _too_large()
                    limit.reschedule(latest + len(read) / SLOWEST_BYTES_A_SECOND)
        except ClientDisconnect as error:
            raise ClientGone("the client did not send all of its body") from error
        except TimeoutError as error:
            raise TooSlow(f"{len(read)} bytes of the body came, and then too little") from error
        return bytes(read)

    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class StrictRoute(GuardedRoute):
    """A route that reads JSON alone, strictly."""

    accepted: tuple[str, ...] = (JSON,)
    """Content types; where there are several, the endpoint parses the body itself; where there is
    none, there is no body.
    """

    def handler_inside(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, given a request whose body was checked and parsed before.

        Before, because the framework would turn our errors into its own.
        """
        handler = super().handler_inside()
        reads_body = bool(self.accepted and {"POST", "PUT"} & (self.methods or set()))

        async def strictly(request: Request) -> Response:
            if "\n" in request.scope["path"]:  # the router's patterns would drop it at the end
                named = next(iter(request.path_params), "")
                field = FieldError("path", f"/{named}", "holds a line break")
                raise Invalid("the path holds a line break", (field,))
            if request.scope["query_string"].count(b"&") >= MAX_PARAMETERS:
                raise TooLarge(f"a query has at most {MAX_PARAMETERS} parameters")
            strict = StrictRequest(request.scope, request.receive)
            if reads_body:
                if strict.media_type() not in self.accepted:
                    raise UnsupportedMedia(f"send {' or '.join(self.accepted)}")
                body = await strict.body()
                if self.accepted == (JSON,):
                    strict._json = parse(body)
            return await handler(strict)

        return strictly


class BodilessRoute(StrictRoute):
    """A route that reads no body, whatever its method."""

    accepted = ()


class BatchRoute(StrictRoute):
    """A route that reads a JSON array or newline-delimited JSON."""

    accepted = (JSON, NDJSON)


def parse(text: bytes) -> Any:
    """JSON as RFC 8259 has it: no NaN, no comments. Raises Malformed, which says where."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON: {error.msg} at byte {error.pos}") from error


def _too_large() -> TooLarge:
    return TooLarge(f"a body has at most {MAX_BODY_BYTES // 1024 // 1024} MiB")
