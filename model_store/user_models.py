"""How an artefact's model sees a reader: late fusion, or a user encoder. One interface for both.

Shapes: H history, Q queries, C candidates, D dimensions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from model_store.artefact import Artefact
from model_store.late_fusion import FUSIONS, Fusion
from model_store.user_encoder import UserEncoder

Float16 = NDArray[np.float16]
Float64 = NDArray[np.float64]
LEFT_OUT_AT_ONCE: Final = 64
Explanation = Literal["terms", "leave_one_out"]
"""``terms``: a click's part is its term · candidate, and all parts sum to the relevance.
``leave_one_out``: by how much the relevance falls without the click; they need not sum to it.
"""


@dataclass(frozen=True, slots=True)
class Interest:
    """What a history is asked with. A candidate's relevance is its highest score among ``queries``
    (Q×D, float16 as they are stored); ``explain`` gives each click's part (H,) in it.
    """

    queries_QD: Float16
    explain: Callable[[Float16 | Float64], Float64]


class UserModel(Protocol):
    """From the newest clicks to what candidates are scored by."""

    @property
    def single(self) -> bool:
        """Whether Q is always 1, so that one stored vector is all that scoring needs."""
        ...

    @property
    def explanation(self) -> Explanation:
        """What ``Interest.explain`` means."""
        ...

    def interest(self, history_HD: Float16, user_id: str | None) -> Interest:
        """The interest that a history (H×D, H ≥ 1, oldest first) shows; ``user_id`` is whose it is,
        for models that know some readers by name.
        """
        ...


@dataclass(frozen=True, slots=True)
class LateFusion:
    """Without a user encoder (NaSE, arXiv 2406.12634)."""

    fusion: Fusion

    @property
    def single(self) -> bool:
        """See ``UserModel``."""
        return self.fusion.single

    @property
    def explanation(self) -> Explanation:
        """See ``UserModel``."""
        return "terms"

    def interest(self, history_HD: Float16, user_id: str | None) -> Interest:
        """See ``UserModel``."""
        queries_QD = self.fusion.queries(history_HD)
        return Interest(
            queries_QD, lambda c_D: self.fusion.explain(c_D.astype(np.float16), history_HD)
        )


def user_model(artefact: Artefact) -> UserModel:
    """The artefact's. Raises Damaged if its user encoder does not load."""
    scoring = artefact.manifest.scoring
    if scoring.kind == "late_fusion":
        return LateFusion(FUSIONS[scoring.fusion])
    return Attention(UserEncoder(artefact))


@dataclass(frozen=True, slots=True)
class Attention:
    """By the artefact's user encoder (NRMS, NAML, LSTUR, MTRec, …)."""

    encoder: UserEncoder

    @property
    def single(self) -> bool:
        """See ``UserModel``."""
        return True

    @property
    def explanation(self) -> Explanation:
        """See ``UserModel``."""
        return "terms" if self.encoder.has_terms else "leave_one_out"

    def interest(self, history_HD: Float16, user_id: str | None) -> Interest:
        """See ``UserModel``. The vector is rounded to float16, as the service stores it."""
        user_D, terms_HD = self.encoder.encode(history_HD, user_id)
        stored_D = user_D.astype(np.float16)
        explain: Callable[[Float16 | Float64], Float64]
        if terms_HD is None:
            explain = _Without(self.encoder, history_HD, user_id, stored_D)
        else:
            explain = _Terms(terms_HD.astype(np.float64), stored_D)
        return Interest(stored_D[np.newaxis], explain)


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms' inner products; what rounding the vector changed is spread evenly over them."""

    terms_HD: Float64
    stored_D: Float16

    def __call__(self, candidate_D: Float16 | Float64) -> Float64:
        exact_D = candidate_D.astype(np.float64)
        parts_H = self.terms_HD @ exact_D
        relevance = self.stored_D.astype(np.float64) @ exact_D
        summed: Float64 = parts_H + (relevance - parts_H.sum()) / len(parts_H)
        return summed


@dataclass(slots=True)
class _Without:
    """The readers that each would be without one click, made when first asked for."""

    encoder: UserEncoder
    history_HD: Float16
    user_id: str | None
    stored_D: Float16
    _without_HD: Float64 | None = None

    def __call__(self, candidate_D: Float16 | Float64) -> Float64:
        if self._without_HD is None:
            self._without_HD = self._left_out()
        exact_D = candidate_D.astype(np.float64)
        relevance = self.stored_D.astype(np.float64) @ exact_D
        parts_H: Float64 = relevance - self._without_HD @ exact_D
        return parts_H

    def _left_out(self) -> Float64:
        count = len(self.history_HD)
        if count == 1:  # without their only click, nothing is known of the reader
            return np.zeros((1, len(self.stored_D)))
        parts = []
        for first in range(0, count, LEFT_OUT_AT_ONCE):
            places = range(first, min(first + LEFT_OUT_AT_ONCE, count))
            others = [np.delete(self.history_HD, place, axis=0) for place in places]
            parts.append(self.encoder.encode_all(np.stack(others), self.user_id)[0])
        return np.concatenate(parts).astype(np.float64)
