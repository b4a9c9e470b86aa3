"""Where the articles of a reader's history stand: looked up once for each history.

Sealed rows never change, so which of them hold what a reader clicked holds for as long as the
history and the generation do; whether they are alive still, and what came since, is asked anew.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from cachetools import TTLCache

from service.catalogue.catalogue import Catalogue
from service.domain.fields import ArticleId
from service.ports import RowIds

READERS_KEPT: Final = 10_000
KEPT_SECONDS: Final = 3_600
NO_ROWS: Final[RowIds] = np.empty(0, np.int64)


class HistoryRows:
    """Remembers the sealed rows of each reader's last history."""

    def __init__(self) -> None:
        self._known: TTLCache[str, tuple[tuple[int, int], RowIds]] = TTLCache(
            READERS_KEPT, KEPT_SECONDS
        )

    def forget(self, user_id: str) -> None:
        """Drop what is known of a reader."""
        self._known.pop(user_id, None)

    def of(
        self, catalogue: Catalogue, user_id: str, version: int, clicked: Sequence[ArticleId]
    ) -> RowIds:
        """The rows of those articles that are live, in order. No two histories of a reader have
        the same ``version``.
        """
        state = catalogue.layout, version
        known, sealed_N = self._known.get(user_id, (None, NO_ROWS))
        if known != state:
            sealed_N = catalogue.sealed.find(clicked)
            self._known[user_id] = state, sealed_N
        rows_N = catalogue.live(clicked, sealed_N)
        return rows_N[rows_N >= 0]
