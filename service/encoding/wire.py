"""What goes over the socket between workers and the encoder process.

A frame is the lengths of its two parts (two unsigned 32-bit integers, little-endian), a head in
JSON and a body of bytes. Heads that a worker sends:

| ``do`` | with | is answered with |
|---|---|---|
| ``load`` | ``id``, ``model`` | ``dimension``, ``precision`` |
| ``encode`` | ``id``, ``model``, ``news``, ``in_background`` | the vectors, float16, as body |
| ``cancel`` | ``id`` of what is not wanted any more | nothing |
| ``unload`` | ``id``, ``model`` | |

Every answer bears its ``id``; one that failed has ``error``, one of ``ERRORS``, ``detail``, and
what its kind adds: ``retry_after_seconds`` or ``positions``.
"""

import struct
from asyncio import StreamReader
from collections.abc import Mapping
from typing import Any, Final

import orjson

from model_store.errors import Damaged, ModelStoreError
from service.errors import EncodingFailed, Overloaded, Unavailable

_LENGTHS: Final = struct.Struct("<II")
Head = Mapping[str, Any]
ERRORS: Final[Mapping[str, type[Exception]]] = {
    "overloaded": Overloaded,
    "unavailable": Unavailable,
    "failed": EncodingFailed,
    "damaged": Damaged,
}


def frame(head: Head, body: bytes = b"") -> bytes:
    """A frame as it is sent."""
    text = orjson.dumps(head)
    return _LENGTHS.pack(len(text), len(body)) + text + body


async def receive(reader: StreamReader) -> tuple[Head, bytes]:
    """The next frame. Raises asyncio.IncompleteReadError at the end, OSError."""
    lengths = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    text, body = [await reader.readexactly(length) for length in lengths]
    head: Head = orjson.loads(text)
    return head, body


def failure(error: Exception) -> Head:
    """An error as it is sent."""
    detail = error.detail if isinstance(error, Unavailable) else str(error)
    head: dict[str, Any] = {"error": _kind(error), "detail": detail}
    if isinstance(error, Unavailable):
        head["retry_after_seconds"] = error.retry_after_seconds
    if isinstance(error, EncodingFailed):
        head["positions"] = error.positions
    return head


def raised(head: Head) -> Exception:
    """The error that was sent."""
    error = ERRORS[head["error"]](head["detail"])
    if isinstance(error, Unavailable):
        error.retry_after_seconds = head["retry_after_seconds"]
    if isinstance(error, EncodingFailed):
        error.positions = tuple(head.get("positions", ()))
    return error


def _kind(error: Exception) -> str:
    """A defect, too, is a failure: its trace stands in the encoder process's log."""
    kinds = {ModelStoreError: "damaged", Overloaded: "overloaded", Unavailable: "unavailable"}
    return next((name for kind, name in kinds.items() if isinstance(error, kind)), "failed")
