"""Writing a segment's folder (``segment_files``) from pieces of others and the rows of the tail.

Shapes: N rows, D dimensions.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from service.adapters import faiss_index
from service.adapters.snapshots.segment_files import describe
from service.catalogue.catalogue import longest_of
from service.catalogue.columns import NONE
from service.catalogue.segment import LABELS, ROW, TEXTS, Hashes, Segment, hashes_of
from service.catalogue.tail import Rows
from service.ports import RowIds, Vectors

VECTORS_AT_ONCE: Final = 65_536


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows of a segment, in ascending order."""

    segment: Segment
    rows: RowIds


def write(folder: Path, dimension: int, pieces: Sequence[Piece], news: Rows) -> None:
    """Write a segment of the pieces' rows and then the new ones. No id comes twice."""
    with _staged(folder) as staged:
        _write_rows(staged, pieces, news)
        for name in TEXTS:
            _write_texts(staged, name, pieces, news)
        _write_hashes(staged, pieces, news)
        longest = _write_vectors(staged, dimension, pieces, news)
        describe(staged, folder.name, dimension, longest)


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A folder that gets its name when it is whole, and is gone if it does not become so."""
    staged = folder.with_name(f"{folder.name}.staged")
    staged.mkdir(parents=True)
    try:
        yield staged
        staged.replace(folder)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


def _write_rows(folder: Path, pieces: Sequence[Piece], news: Rows) -> None:
    """The rows, and the labels that they name by their place."""
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
    np.save(folder / "rows.npy", np.concatenate([*parts, np.array(own, ROW)]))
    labels = {name: list(values) for name, values in places.items()}
    (folder / "labels.json").write_bytes(orjson.dumps(labels))


def _write_hashes(folder: Path, pieces: Sequence[Piece], news: Rows) -> None:
    hashes_N = _hashes(pieces, news)
    order_N = np.argsort(hashes_N, kind="stable").astype(np.int32)
    np.save(folder / "hashes.npy", hashes_N[order_N])
    np.save(folder / "order.npy", order_N)


def _hashes(pieces: Sequence[Piece], news: Rows) -> Hashes:
    """The hash of each row's id, in the order of the rows."""
    parts = [piece.segment.hashes_by_row[piece.rows] for piece in pieces]
    return np.concatenate([*parts, hashes_of(_texts("id", news))])


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


def _runs(rows: RowIds) -> Iterator[tuple[int, int]]:
    """The ascending rows as runs, each with its first row and its end."""
    if not len(rows):
        return
    breaks = np.flatnonzero(np.diff(rows) != 1)
    firsts = rows[np.concatenate([[0], breaks + 1])].tolist()
    lasts = rows[np.concatenate([breaks, [len(rows) - 1]])].tolist()
    for first, last in zip(firsts, lasts, strict=True):
        yield first, last + 1


def _write_vectors(folder: Path, dimension: int, pieces: Sequence[Piece], news: Rows) -> float:
    """Returns the length of the longest vector."""
    longest = 0.0

    def vectors() -> Iterator[Vectors]:
        nonlocal longest
        for piece_ND in _vectors(pieces, news):
            longest = max(longest, longest_of(piece_ND))
            yield piece_ND

    faiss_index.write(folder, dimension, vectors())
    return longest


def _vectors(pieces: Sequence[Piece], news: Rows) -> Iterator[Vectors]:
    for piece in pieces:
        for first in range(0, len(piece.rows), VECTORS_AT_ONCE):
            yield piece.segment.index.vectors[piece.rows[first : first + VECTORS_AT_ONCE]]
    if len(news.entries):
        yield news.vectors_ND
