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
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import xxhash
from numpy.typing import NDArray

from service.adapters import faiss_index
from service.adapters.snapshots import checked_json
from service.catalogue.catalogue import longest_of
from service.catalogue.columns import NONE
from service.catalogue.segment import LABELS, ROW, TEXTS, Segment, Texts, hashes_of
from service.catalogue.tail import Rows
from service.errors import TornSnapshot
from service.ports import RowIds, Vectors

FORMAT: Final = 1
DESCRIPTION: Final = "segment.json"
CHUNK: Final = 1 << 20
VECTORS_AT_ONCE: Final = 65_536


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows of a segment, in ascending order."""

    segment: Segment
    rows: RowIds


def write(folder: Path, dimension: int, pieces: Sequence[Piece], news: Rows) -> None:
    """Write a segment of the pieces' rows and then the new ones. No id comes twice."""
    staged = folder.with_name(f"{folder.name}.staged")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    labels, rows_N = _rows(pieces, news)
    (staged / "labels.json").write_bytes(orjson.dumps(labels))
    np.save(staged / "rows.npy", rows_N)
    for name in TEXTS:
        _write_texts(staged, name, pieces, news)
    ids = _read_texts(staged, "id")
    hashes_N = hashes_of([ids[row] for row in range(len(ids))])
    order_N = np.argsort(hashes_N, kind="stable").astype(np.int32)
    np.save(staged / "hashes.npy", hashes_N[order_N])
    np.save(staged / "order.npy", order_N)
    longest = 0.0

    def vectors() -> Iterator[Vectors]:
        nonlocal longest
        for piece_ND in _vectors(pieces, news):
            longest = max(longest, longest_of(piece_ND))
            yield piece_ND

    faiss_index.write(staged, dimension, vectors())
    description = {
        "format": FORMAT,
        "name": folder.name,
        "dimension": dimension,
        "rows": len(rows_N),
        "longest": longest,
        "files": {path.name: _described(path) for path in sorted(staged.iterdir())},
    }
    checked_json.write(staged / DESCRIPTION, description)
    staged.replace(folder)


def read(folder: Path, dimension: int) -> Segment:
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
            index=faiss_index.FaissSegment(folder),
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


def _rows(pieces: Sequence[Piece], news: Rows) -> tuple[dict[str, list[str]], NDArray[np.void]]:
    """The labels of all rows, and the rows, which name labels by their place."""
    places: dict[str, dict[str, int]] = {name: {} for name in LABELS}

    def place(name: str, value: str | None) -> int:
        return NONE if value is None else places[name].setdefault(value, len(places[name]))

    parts = []
    for piece in pieces:
        part = np.array(piece.segment.rows_N[piece.rows])
        for name in LABELS:
            table = [place(name, value) for value in piece.segment.labels[name]]
            part[name] = np.array([*table, NONE], np.int32)[part[name]]
        parts.append(part)
    fields = ROW.names or ()
    own = [
        tuple(place(f, getattr(e, f)) if f in LABELS else getattr(e, f) for f in fields)
        for e in news.entries
    ]
    rows_N = np.concatenate([*parts, np.array(own, ROW)])
    return {name: list(values) for name, values in places.items()}, rows_N


def _texts(name: str, news: Rows) -> list[bytes]:
    match name:
        case "id":
            return [entry.article_id.encode() for entry in news.entries]
        case "title":
            return [entry.title.encode() for entry in news.entries]
        case "entities":
            return [orjson.dumps(entry.entities) for entry in news.entries]
    return list(news.documents)


def _write_texts(folder: Path, name: str, pieces: Sequence[Piece], news: Rows) -> None:
    own = _texts(name, news)
    lengths: list[NDArray[np.int64]] = []
    with (folder / f"{name}.bin").open("wb") as file:
        for piece in pieces:
            texts = piece.segment.texts[name]
            lengths.append(np.diff(texts.offsets)[piece.rows])
            for first, end in _runs(piece.rows):
                file.write(texts.buffer[texts.offsets[first] : texts.offsets[end]])
        file.writelines(own)
    lengths.append(np.array([len(text) for text in own], np.int64))
    np.save(folder / f"{name}.npy", np.cumsum(np.concatenate([[0], *lengths]), dtype=np.int64))


def _read_texts(folder: Path, name: str) -> Texts:
    path = folder / f"{name}.bin"
    offsets: NDArray[np.int64] = _mapped(folder / f"{name}.npy")
    if not path.stat().st_size:
        return Texts(offsets, memoryview(b""))
    with path.open("rb") as file:
        return Texts(offsets, memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))


def _mapped(path: Path) -> Any:
    return np.asarray(np.load(path, mmap_mode="r"))


def _runs(rows: RowIds) -> Iterator[tuple[int, int]]:
    """The ascending rows as runs, each with its first row and its end."""
    if not len(rows):
        return
    breaks = np.flatnonzero(np.diff(rows) != 1)
    firsts = rows[np.concatenate([[0], breaks + 1])].tolist()
    lasts = rows[np.concatenate([breaks, [len(rows) - 1]])].tolist()
    for first, last in zip(firsts, lasts, strict=True):
        yield first, last + 1


def _vectors(pieces: Sequence[Piece], news: Rows) -> Iterator[Vectors]:
    for piece in pieces:
        for first in range(0, len(piece.rows), VECTORS_AT_ONCE):
            yield piece.segment.index.vectors[piece.rows[first : first + VECTORS_AT_ONCE]]
    if len(news.entries):
        yield news.vectors_ND
