"""A reader, as far as the service remembers one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.domain.fields import ArticleId

MarkType = Literal["click", "like", "dislike", "hide"]


@dataclass(frozen=True, slots=True)
class Mark:
    """An article that a reader liked, disliked, hid, or clicked longer ago than the history."""

    type: MarkType
    article_id: ArticleId
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Reader:
    """The state of one reader at one moment.

    ``clicked`` and ``clicked_ms`` are the history in (timestamp, arrival) order, the newest last,
    repeats kept. ``vector`` (D,) is set only where it belongs to this very history and to the
    active model.
    """

    clicked: tuple[ArticleId, ...] = ()
    clicked_ms: tuple[int, ...] = ()
    version: int = 0
    vector: NDArray[np.float16] | None = None
    marks: tuple[Mark, ...] = ()
    shown: Mapping[ArticleId, int] = field(default_factory=dict)
    """How often each article was shown to them since they last clicked it."""

    @property
    def known(self) -> bool:
        """Whether anything at all is stored of the reader."""
        return bool(self.clicked or self.marks)

    def shown_too_often(self, most: int) -> list[ArticleId]:
        """What was shown ``most`` times or more without a click."""
        return [article_id for article_id, times in self.shown.items() if times >= most]

    def turned_away(self) -> set[ArticleId]:
        """What was hidden or disliked, or clicked before the history begins."""
        return {mark.article_id for mark in self.marks if mark.type != "like"}

    def never_again(self) -> set[ArticleId]:
        """What must not be recommended: clicked, hidden or disliked."""
        return self.turned_away().union(self.clicked)
