"""The folder of generations: one process writes, every process of the machine reads.

| file | holds |
|---|---|
| ``CURRENT`` | the number of the newest generation; replaced in one step |
| ``generation-N.json`` | store, model, dimension, log position, segments, withdrawals |
| ``generation-N.alive.npy`` | which rows are alive |
| ``segments/NAME/`` | see ``segment_files`` |
| ``../NAME.lock`` | who holds it writes; let go by its end, however it comes |

Nothing is written twice: a generation that is torn by a power cut is recognised by its digests.
"""

import fcntl
import shutil
import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import numpy as np
import xxhash

from service.adapters.faiss_index import FaissSegment
from service.adapters.snapshots import checked_json, segment_files, segment_writer, tiers
from service.adapters.snapshots.segment_files import Opens
from service.adapters.snapshots.segment_writer import Piece
from service.catalogue.frozen import Frozen
from service.catalogue.sealed import Sealed
from service.catalogue.segment import Segment
from service.catalogue.tail import Rows
from service.domain.fields import ArticleId
from service.errors import TornSnapshot
from service.ports import Mask

FORMAT: Final = 1
CURRENT: Final = "CURRENT"
ASIDE: Final = ".set-aside"
KEPT: Final = 2
"""Generations that stay on disk: a process may be opening the last but one."""
WITHDRAWALS_KEPT_SECONDS: Final = 7 * 86_400


class Snapshots:
    """The generations of one model's catalogue on one state store."""

    def __init__(
        self,
        folder: Path,
        *,
        store: str,
        model: str,
        dimension: int,
        opens: Opens = FaissSegment,
    ) -> None:
        """``store``: the state store's identity; what is of another one is refused."""
        self._folder = folder
        self._of = {"format": FORMAT, "store": store, "model": model, "dimension": dimension}
        self._dimension = dimension
        self._opens = opens
        self._open: dict[str, Segment] = {}
        self._lock: IO[str] | None = None
        self._last = 0

    def lead(self) -> bool:
        """Become the one that writes, unless another process is; True if this one is."""
        if self._lock is None:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            lock = (self._folder.parent / f"{self._folder.name}.lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                return False
            self._lock = lock
        return True

    def now_of(self, store: str) -> None:
        """The state store is another from now on: what is written next is of that one."""
        self._of = {**self._of, "store": store}

    def close(self) -> None:
        """Let another process write."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def current(self) -> int:
        """The number of the newest generation, 0 if there is none."""
        try:
            return int((self._folder / CURRENT).read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def load(self) -> Sealed | None:
        """The newest generation, its new files checked; None if there is none.

        Raises TornSnapshot for one that is damaged, of another store, model or format.
        """
        number = self.current()
        self._last = max(self._last, number)
        if not number:
            return None
        try:
            said = checked_json.read(self._path(number, "json"))
            self._check(said)
            segments = tuple(self._segment(name) for name in said["segments"])
            alive_S = np.load(self._path(number, "alive.npy"))
            if _digest(alive_S) != said["alive"] or len(alive_S) != sum(map(len, segments)):
                raise TornSnapshot(f"generation {number}: its rows are not what was written")
            written = self._path(number, "json").stat().st_mtime
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise TornSnapshot(f"generation {number}: {error}") from error
        self._open = {segment.name: segment for segment in segments}
        return Sealed(
            dimension=self._dimension,
            number=number,
            position=said["position"].encode(),
            segments=segments,
            alive_S=alive_S,
            withdrawn={
                ArticleId(article_id): revision for article_id, revision in said["withdrawn"]
            },
            written=written,
        )

    def seal(self, frozen: Frozen, position: bytes) -> None:
        """Write what stands in a catalogue as the next generation. For the one who leads.

        Raises OSError, and then nothing is left of it.
        """
        self._segments.mkdir(parents=True, exist_ok=True)
        before = set(self._segments.iterdir())
        try:
            number = self._seal(frozen, position)
        except BaseException:
            for folder in set(self._segments.iterdir()) - before:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        self._clear(number)

    def _seal(self, frozen: Frozen, position: bytes) -> int:
        alive = _alive(frozen)
        new_rows = np.flatnonzero(frozen.alive_R[len(frozen.sealed) :])
        news = Rows(
            [frozen.tail.entries[row] for row in new_rows.tolist()],
            [frozen.tail.documents[row] for row in new_rows.tolist()],
            frozen.tail.vectors_ND[new_rows],
        )
        counts = [int(np.count_nonzero(alive_N)) for _, alive_N in alive]
        kept = len(alive) - tiers.joining(counts, len(new_rows))
        names, masks = [], []
        for segment, alive_N in alive[:kept]:
            rows = np.flatnonzero(alive_N)
            if not len(rows):
                continue
            if tiers.worn(len(rows), len(segment)) or not self._on_disk(segment):
                names.append(self._written([Piece(segment, rows)], Rows.none(self._dimension)))
                masks.append(np.ones(len(rows), np.bool_))
            else:
                names.append(segment.name)
                masks.append(alive_N)
        joined = [Piece(segment, np.flatnonzero(alive_N)) for segment, alive_N in alive[kept:]]
        count = sum(len(piece.rows) for piece in joined) + len(new_rows)
        if count:
            names.append(self._written(joined, news))
            masks.append(np.ones(count, np.bool_))
        return self._publish(position, names, masks, _withdrawn(frozen, position))

    def remove(self) -> None:
        """Remove every generation, if this process is the one that writes."""
        if self.lead():
            shutil.rmtree(self._folder, ignore_errors=True)
            self._open = {}

    def set_aside(self) -> Path:
        """Move everything out of the way, to be looked at, and begin anew."""
        aside = self._folder.with_name(f"{self._folder.name}{ASIDE}")
        shutil.rmtree(aside, ignore_errors=True)
        self._folder.replace(aside)
        self._open = {}
        return aside

    def _written(self, pieces: list[Piece], news: Rows) -> str:
        name = uuid.uuid4().hex
        segment_writer.write(self._segments / name, self._dimension, pieces, news)
        return name

    def _publish(
        self,
        position: bytes,
        names: list[str],
        masks: list[Mask],
        withdrawn: Mapping[ArticleId, int],
    ) -> int:
        number = max(self.current(), self._last) + 1  # also after what was set aside
        alive_S = np.concatenate([np.empty(0, np.bool_), *masks])
        np.save(self._path(number, "alive.npy"), alive_S)
        said = {
            **self._of,
            "position": position.decode(),
            "segments": names,
            "alive": _digest(alive_S),
            "withdrawn": list(withdrawn.items()),
        }
        checked_json.write(self._path(number, "json"), said)
        staged = self._folder / f"{CURRENT}.staged"
        staged.write_text(str(number), "ascii")
        staged.replace(self._folder / CURRENT)
        return number

    def _clear(self, number: int) -> None:
        """Remove what no generation holds that a process may still be opening."""
        used: set[str] = set()
        for path in self._folder.glob("generation-*.json"):
            of = int(path.name.split("-")[1].partition(".")[0])
            if of > number - KEPT:
                with suppress(TornSnapshot):
                    used.update(checked_json.read(path)["segments"])
            else:
                path.unlink()
                self._path(of, "alive.npy").unlink(missing_ok=True)
        for folder in self._segments.iterdir():
            if folder.name not in used:
                shutil.rmtree(folder)

    def _on_disk(self, segment: Segment) -> bool:
        return (self._segments / segment.name / segment_files.DESCRIPTION).exists()

    def _segment(self, name: str) -> Segment:
        if name not in self._open:
            self._open[name] = segment_files.read(
                self._segments / name, self._dimension, self._opens
            )
        return self._open[name]

    def _check(self, said: dict[str, object]) -> None:
        for name, expected in self._of.items():
            if said[name] != expected:
                raise TornSnapshot(f"the snapshot's {name} is {said[name]}, not {expected}")

    @property
    def _segments(self) -> Path:
        return self._folder / "segments"

    def _path(self, number: int, kind: str) -> Path:
        return self._folder / f"generation-{number}.{kind}"


def _withdrawn(frozen: Frozen, position: bytes) -> Mapping[ArticleId, int]:
    """The withdrawals that are still to be remembered: the new ones, and those of the last days."""
    position_ms = int(position.partition(b"-")[0])
    oldest = 1e3 * position_ms - 1e6 * WITHDRAWALS_KEPT_SECONDS  # revisions are in µs
    held = {a: revision for a, revision in frozen.sealed.withdrawn.items() if revision > oldest}
    for article_id, revision in frozen.withdrawals:
        held[article_id] = max(revision, held.get(article_id, 0))
    return held


def _alive(frozen: Frozen) -> list[tuple[Segment, Mask]]:
    """The segments, each with which of its rows are alive."""
    firsts = frozen.sealed.firsts
    return [
        (segment, frozen.alive_R[first : first + len(segment)])
        for first, segment in zip(firsts, frozen.sealed.segments, strict=False)
    ]


def _digest(alive_S: Mask) -> str:
    return xxhash.xxh3_64_hexdigest(np.ascontiguousarray(alive_S).data)


def remove_all_but(kept: Collection[str], folder: Path) -> None:
    """Remove the generations in ``folder`` of all models but those in the folders named ``kept``,
    unless a process writes them.
    """
    for path in folder.iterdir():
        if path.is_dir() and path.name not in kept and path.suffix != ASIDE:
            left = Snapshots(path, store="", model="", dimension=0)
            left.remove()
            left.close()
