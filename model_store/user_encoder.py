"""Running an artefact's user encoder: clicked articles' vectors in, the reader's vector out.

Shapes: B histories, H clicks, D dimensions, L dimensions of a long-term vector.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException

from model_store import layout
from model_store.artefact import Artefact
from model_store.errors import Damaged
from model_store.long_term import LongTermUsers
from model_store.sessions import open_session

HISTORY: Final = "history_vectors"
MASK: Final = "mask"
LONG_TERM: Final = "long_term"
USER_VECTORS: Final = "user_vectors"
TERMS: Final = "terms"

Float16 = NDArray[np.float16]
Float32 = NDArray[np.float32]


class UserEncoder:
    """An artefact's user encoder, loaded and ready. Safe to share by threads."""

    def __init__(self, artefact: Artefact) -> None:
        """Raises Damaged if a file does not load."""
        entry = artefact.manifest.files[layout.USER_ENCODER]
        self.has_terms = TERMS in entry.outputs
        self._path = artefact.path(layout.USER_ENCODER)
        # It is small, and runs between two requests: one thread is the fastest.
        self._session = open_session(self._path, threads=1)
        self._outputs = [USER_VECTORS, TERMS] if self.has_terms else [USER_VECTORS]
        self._long_term: LongTermUsers | None = None
        if LONG_TERM in entry.inputs:
            self._long_term = LongTermUsers.read(artefact.path(layout.LONG_TERM_USERS))
        self._try(artefact.manifest.dimension)

    def encode(self, history_HD: Float16, user_id: str | None) -> tuple[Float32, Float32 | None]:
        """The vector (D,) of a history (H×D, H ≥ 1, oldest first), and each click's term (H×D)
        where the encoder has them. It depends on neither other readers nor padding: there are none.
        """
        users_BD, terms_BHD = self.encode_all(history_HD[np.newaxis], user_id)
        return users_BD[0], None if terms_BHD is None else terms_BHD[0]

    def _try(self, dimension: int) -> None:
        """Raises Damaged unless a single click gives a vector of the news encoder's dimension."""
        try:
            user_D, terms_HD = self.encode(np.zeros((1, dimension), np.float16), None)
        except (InvalidArgument, RuntimeException, Fail) as error:
            raise Damaged(f"{self._path} does not run: {error}") from error
        if user_D.shape != (dimension,) or (
            terms_HD is not None and terms_HD.shape != (1, dimension)
        ):
            raise Damaged(f"{self._path} gave a vector of shape {user_D.shape} for {dimension}")

    def encode_all(
        self, histories_BHD: Float16, user_id: str | None
    ) -> tuple[Float32, Float32 | None]:
        """The vectors (B×D) of several histories of one length and one reader."""
        batch, length, _ = histories_BHD.shape
        given = {
            HISTORY: histories_BHD.astype(np.float32),
            MASK: np.ones((batch, length), np.int64),
        }
        if self._long_term is not None:
            own_L = self._long_term.of(user_id)
            given[LONG_TERM] = np.repeat(own_L[np.newaxis], batch, axis=0)
        users_BD, *terms = self._session.run(self._outputs, given)
        if not np.isfinite(users_BD).all():
            raise Damaged(f"{self._path} gave a vector that is not finite")
        return users_BD, terms[0] if terms else None
