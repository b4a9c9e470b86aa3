"""Bodies: the right content type, strict JSON, no larger than allowed."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from service.errors import ClientGone, FieldError, Invalid, Malformed, TooLarge, UnsupportedMedia

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
MAX_BODY_BYTES: Final = 16 * 1024 * 1024


class StrictRequest(Request):
    """A request whose body is read once and bounded."""

    async def body(self) -> bytes:
        """The body. Raises TooLarge, and ClientGone where the client hung up halfway."""
        if not hasattr(self, "_body"):
            declared = self.headers.get("content-length", "")
            if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
                raise _too_large()
            self._body = await self._read()
        return self._body

    async def _read(self) -> bytes:
        read = bytearray()
        try:
            async for piece in self.stream():
                read += piece
                if len(read) > MAX_BODY_BYTES:
                    raise _too_large()
        except ClientDisconnect as error:
            raise ClientGone("the client did not send all of its body") from error
        return bytes(read)

    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class StrictRoute(APIRoute):
    """A route that reads JSON alone, strictly."""

    accepted: tuple[str, ...] = (JSON,)
    """Content types; where there are several, the endpoint parses the body itself."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, given a request whose body was checked and parsed before.

        Before, because the framework would turn our errors into its own.
        """
        handler = super().get_route_handler()
        reads_body = bool({"POST", "PUT"} & (self.methods or set()))

        async def strictly(request: Request) -> Response:
            if "\n" in request.scope["path"]:  # the router's patterns would drop it at the end
                named = next(iter(request.path_params), "")
                field = FieldError("path", f"/{named}", "holds a line break")
                raise Invalid("the path holds a line break", (field,))
            strict = StrictRequest(request.scope, request.receive)
            if reads_body:
                if strict.media_type() not in self.accepted:
                    raise UnsupportedMedia(f"send {' or '.join(self.accepted)}")
                body = await strict.body()
                if self.accepted == (JSON,):
                    strict._json = parse(body)
            return await handler(strict)

        return strictly


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
