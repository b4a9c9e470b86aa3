"""A JSON document under a line with its own digest (XXH3)."""

from pathlib import Path
from typing import Any

import orjson
import xxhash

from service.errors import TornSnapshot


def write(path: Path, value: Any) -> None:
    """Write the document."""
    body = orjson.dumps(value)
    path.write_bytes(f"{xxhash.xxh3_64_hexdigest(body)}\n".encode() + body)


def read(path: Path) -> Any:
    """What was written. Raises TornSnapshot where it is something else, OSError."""
    digest, _, body = path.read_bytes().partition(b"\n")
    if xxhash.xxh3_64_hexdigest(body).encode() != digest:
        raise TornSnapshot(f"{path.name} is not what was written")
    return orjson.loads(body)
