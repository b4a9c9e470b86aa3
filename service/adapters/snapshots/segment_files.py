"""A segment's folder.

| file | holds |
|---|---|
| ``rows.npy`` | one ``segment.ROW`` a row |
| ``hashes.npy``, ``order.npy`` | the ids' hashes in order, and whose they are |
| ``NAME.bin``, ``NAME.npy`` | a text for each row (``segment.TEXTS``), and where each begins |
| ``labels.json`` | the values that ``rows`` name by their place |
| ``vectors.faiss``, ``codes.faiss`` | ``faiss_index.FaissSegment`` |
| ``segment.json`` | format, name, dimension, and each file's size and digest (XXH3) |

All but the last and the codes are mapped, not read: the processes of a machine share one copy. A
folder is written under another name and moved when it is whole; what a power cut tears all the
same, the digests tell.

Shapes: N rows, D dimensions.
"""

import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import xxhash
from numpy.typing import NDArray

from service.adapters.faiss_index import FaissSegment
from service.adapters.snapshots import checked_json
from service.catalogue.segment import TEXTS, Segment, Texts
from service.errors import TornSnapshot
from service.ports import SealedIndex

Opens = Callable[[Path], SealedIndex]
"""Opens the index in a segment's folder. Raises RuntimeError for files that it cannot read."""

FORMAT: Final = 1
DESCRIPTION: Final = "segment.json"
CHUNK: Final = 1 << 20


def describe(folder: Path, name: str, dimension: int, longest: float) -> None:
    """Write what ``read`` checks the other files of the folder by."""
    description = {
        "format": FORMAT,
        "name": name,
        "dimension": dimension,
        "longest": longest,
        "files": {path.name: _described(path) for path in sorted(folder.iterdir())},
    }
    checked_json.write(folder / DESCRIPTION, description)


def read(folder: Path, dimension: int, opens: Opens = FaissSegment) -> Segment:
    """The segment in ``folder``, every file checked. Raises TornSnapshot."""
    try:
        description = checked_json.read(folder / DESCRIPTION)
        _check(folder, dimension, description)
        return Segment(
            name=folder.name,
            rows_N=_mapped(folder / "rows.npy"),
            texts={name: _read_texts(folder, name) for name in TEXTS},
            labels=orjson.loads((folder / "labels.json").read_bytes()),
            hashes_N=_mapped(folder / "hashes.npy"),
            order_N=_mapped(folder / "order.npy"),
            index=opens(folder),
            longest=float(description["longest"]),
        )
    except (OSError, EOFError, ValueError, KeyError, RuntimeError) as error:
        raise TornSnapshot(f"segment {folder.name}: {error}") from error


def _check(folder: Path, dimension: int, description: dict[str, Any]) -> None:
    if description["format"] != FORMAT:
        raise TornSnapshot(
            f"segment {folder.name} has format {description['format']}, not {FORMAT}"
        )
    if description["dimension"] != dimension:
        raise TornSnapshot(f"segment {folder.name} has {description['dimension']} dimensions")
    for name, expected in description["files"].items():
        if _described(folder / name) != expected:
            raise TornSnapshot(f"segment {folder.name}: {name} is not what was written")


def _described(path: Path) -> dict[str, Any]:
    digest = xxhash.xxh3_64()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return {"bytes": path.stat().st_size, "xxh3": digest.hexdigest()}


def _read_texts(folder: Path, name: str) -> Texts:
    path = folder / f"{name}.bin"
    offsets: NDArray[np.int64] = _mapped(folder / f"{name}.npy")
    if not path.stat().st_size:
        return Texts(offsets, memoryview(b""))
    with path.open("rb") as file:
        return Texts(offsets, memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))


def _mapped(path: Path) -> Any:
    return np.asarray(np.load(path, mmap_mode="r"))
