"""How an artefact's model sees a reader: late fusion, or a user encoder. One interface for both.

Shapes: B readers, H history, Q queries, C candidates, D dimensions.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from model_store.artefact import Artefact
from model_store.late_fusion import FUSIONS, Fusion
from model_store.user_encoder import UserEncoder

Float16 = NDArray[np.float16]
Float64 = NDArray[np.float64]
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
    prepare: Callable[[], Iterator[None]] = lambda: iter(())
    """Does piece by piece, in any thread, what ``explain`` otherwise does when first called."""


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
        (interest,) = self.interests([history_HD], [user_id])
        return interest

    def interests(
        self, histories: Sequence[Float16], user_ids: Sequence[str | None]
    ) -> list[Interest]:
        """The interests of readers whose histories have one length, to the last bit what each of
        them would have alone. Raises Damaged.
        """
        users_BD, terms_BHD = self.encoder.encode_all(np.stack(histories), user_ids)
        stored_BD = users_BD.astype(np.float16)
        if terms_BHD is not None:
            return [
                Interest(stored_D[np.newaxis], _Terms(terms_HD.astype(np.float64), stored_D))
                for stored_D, terms_HD in zip(stored_BD, terms_BHD, strict=True)
            ]
        return [
            Interest(stored_D[np.newaxis], without, without.prepare)
            for history_HD, user_id, stored_D in zip(histories, user_ids, stored_BD, strict=True)
            for without in [_Without(self.encoder, history_HD, user_id, stored_D)]
        ]


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


class _Without:
    """The readers that each would be without one click, made when first asked for."""

    def __init__(
        self, encoder: UserEncoder, history_HD: Float16, user_id: str | None, stored_D: Float16
    ) -> None:
        self._encoder, self._history_HD, self._user_id = encoder, history_HD, user_id
        self._stored_D = stored_D
        # Without their only click nothing is known of the reader: that one stays zero.
        self._without_HD = np.zeros(history_HD.shape)
        self._made = 0

    def __call__(self, candidate_D: Float16 | Float64) -> Float64:
        for _ in self.prepare():
            pass
        exact_D = candidate_D.astype(np.float64)
        relevance = self._stored_D.astype(np.float64) @ exact_D
        parts_H: Float64 = relevance - self._without_HD @ exact_D
        return parts_H

    def prepare(self) -> Iterator[None]:
        """Make those that are still missing, a batch at a time."""
        count = len(self._history_HD)
        while count > 1 and self._made < count:
            end = min(self._made + self._encoder.at_once(count - 1), count)
            self._make(range(self._made, end))
            self._made = end
            yield

    def _make(self, places: range) -> None:
        others = np.stack([np.delete(self._history_HD, place, axis=0) for place in places])
        made_BD, _ = self._encoder.encode_all(others, [self._user_id] * len(places))
        self._without_HD[places.start : places.stop] = made_BD
