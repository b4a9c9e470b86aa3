"""A feed's bytes, as they were read from a file or fetched, before anyone parsed them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.importing.errors import Unreadable
from service.importing.sources.lines import unreadable

LARGEST: Final = 20_000_000
"""Bytes of a feed that are read at most."""


@dataclass(frozen=True, slots=True)
class Document:
    """``content`` as it came, where from, and what the sender said of it."""

    place: str
    content: bytes
    content_type: str = "application/xml"
    address: str = ""
    """Where relative links lead from; empty for a file."""


def read_document(path: Path) -> Document:
    """The file's bytes. Raises Unreadable where it cannot be read or is too large for a feed."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(content) > LARGEST:
        raise Unreadable(too_large(str(path)))
    return Document(str(path), content)


def too_large(place: str) -> str:
    """What to say of a larger one."""
    return f"{place} is larger than a feed may be ({LARGEST // 1_000_000} MB)"
