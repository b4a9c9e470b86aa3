"""Running an artefact's user encoder: clicked articles' vectors in, the reader's vector out.

Shapes: B histories, H clicks, D dimensions, L dimensions of a long-term vector.
"""

from collections.abc import Sequence
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

CLICKS_AT_ONCE: Final = 256
"""A batch holds at most so many clicks. Measured of NRMS, LSTUR and additive attention on one core,
a click costs the least there: with fewer the calls weigh, with more the values leave the cache.
"""

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
        # The terms alone where they are: see ``encode_all``.
        self._outputs = [TERMS] if self.has_terms else [USER_VECTORS]
        self._long_term: LongTermUsers | None = None
        if LONG_TERM in entry.inputs:
            self._long_term = LongTermUsers.read(artefact.path(layout.LONG_TERM_USERS))
        self._try(artefact.manifest.dimension)

    def encode(self, history_HD: Float16, user_id: str | None) -> tuple[Float32, Float32 | None]:
        """The vector (D,) of a history (H×D, H ≥ 1, oldest first), and each click's term (H×D)
        where the encoder has them. Raises Damaged.
        """
        users_BD, terms_BHD = self.encode_all(history_HD[np.newaxis], [user_id])
        return users_BD[0], None if terms_BHD is None else terms_BHD[0]

    def encode_all(
        self, histories_BHD: Float16, user_ids: Sequence[str | None]
    ) -> tuple[Float32, Float32 | None]:
        """The vectors (B×D) of histories of one length, by whose they are, and their clicks' terms
        (B×H×D) where the encoder has them. Raises Damaged if one of them is not finite.

        A reader's vector has the same bits in any company, and there is no padding. The graph's own
        sum of the terms has not: ONNX Runtime adds a single reader's in another order.
        """
        (found,) = self._session.run(self._outputs, self._given(histories_BHD, user_ids))
        terms_BHD = found if self.has_terms else None
        users_BD = found.sum(axis=1, dtype=np.float64) if self.has_terms else found
        if not np.isfinite(users_BD).all():
            raise Damaged(f"{self._path} gave a vector that is not finite")
        return users_BD.astype(np.float32, copy=False), terms_BHD

    @staticmethod
    def at_once(length: int) -> int:
        """How many histories of a length are best encoded in one call."""
        return max(1, CLICKS_AT_ONCE // length)

    def _given(
        self, histories_BHD: Float16, user_ids: Sequence[str | None]
    ) -> dict[str, NDArray[np.generic]]:
        given: dict[str, NDArray[np.generic]] = {
            HISTORY: histories_BHD.astype(np.float32),
            MASK: np.ones(histories_BHD.shape[:2], np.int64),
        }
        if self._long_term is not None:
            given[LONG_TERM] = np.stack([self._long_term.of(user_id) for user_id in user_ids])
        return given

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
