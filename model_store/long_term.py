"""Readers' long-term vectors: ``long_term_users.npz``.

The file holds ``user_ids`` (U, UTF-8 text), sorted, and ``vectors`` (U×L, float32).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from model_store.errors import Damaged

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LongTermUsers:
    """The vectors of the readers who were there in training; anyone else has zeros."""

    user_ids: NDArray[np.bytes_]
    vectors_UL: Float32

    @classmethod
    def read(cls, path: Path) -> "LongTermUsers":
        """Raises Damaged for a file that is not what it should be."""
        try:
            with path.open("rb") as file, np.load(file) as stored:
                read = cls(stored["user_ids"], stored["vectors"])
        except (OSError, EOFError, BadZipFile, KeyError, TypeError, ValueError) as error:
            raise Damaged(f"{path} does not hold readers' vectors: {error}") from error
        if not read.fits:
            raise Damaged(f"{path} holds {len(read.user_ids)} readers and other vectors")
        return read

    @property
    def fits(self) -> bool:
        """Whether these are names, and a vector for each."""
        users, vectors = self.user_ids, self.vectors_UL
        names = users.dtype.kind == "S" and users.ndim == 1
        return names and vectors.dtype == np.float32 and vectors.shape[:-1] == users.shape

    def of(self, user_id: str | None) -> Float32:
        """The reader's vector (L,), zeros for one who is not known."""
        if user_id is not None:
            wanted = np.bytes_(user_id.encode())
            place = int(np.searchsorted(self.user_ids, wanted))
            if place < len(self.user_ids) and self.user_ids[place] == wanted:
                return np.asarray(self.vectors_UL[place])
        return np.zeros(self.vectors_UL.shape[1], np.float32)


def write_long_term(path: Path, user_ids: Sequence[str], vectors_UL: Float32) -> None:
    """Write the file."""
    names = np.array([user_id.encode() for user_id in user_ids], np.bytes_)
    order = np.argsort(names)
    np.savez(path, user_ids=names[order], vectors=vectors_UL[order].astype(np.float32))
