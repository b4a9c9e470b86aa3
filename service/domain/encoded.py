"""Bytes within messages: plain bytes in Python, text in JSON."""

import base64
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

_IN_JSON: Final = "json-unless-none"


def _from_hex(value: object) -> object:
    return bytes.fromhex(value) if isinstance(value, str) else value


def _from_base64(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


Hex = Annotated[
    bytes, BeforeValidator(_from_hex), PlainSerializer(bytes.hex, str, when_used=_IN_JSON)
]
"""A digest, written in hexadecimal."""
Float16s = Annotated[
    bytes, BeforeValidator(_from_base64), PlainSerializer(_to_base64, str, when_used=_IN_JSON)
]
"""A vector: float16 values, little-endian; written in base64."""
