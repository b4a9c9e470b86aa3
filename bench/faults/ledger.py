"""What clients asked for and what they were told, as they saw it themselves."""

import itertools
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Final, Literal

What = Literal["put", "withdraw", "click", "recommend", "rank", "similar"]
WRITES: Final = frozenset({"put", "withdraw", "click"})
WITHDRAWN: Final = None
Edition = int | None
"""The number of an article's edition, or ``WITHDRAWN``."""
NO_ANSWER: Final = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and its answer. Times in seconds of ``time.monotonic``."""

    what: What
    sent: float
    answered: float
    status: int
    """``NO_ANSWER`` where there was none."""
    without_state: bool = False
    """Whether the answer said that it was made without the state store."""
    wrong: tuple[str, ...] = ()
    """What it held that it must not."""

    @property
    def acknowledged(self) -> bool:
        """Whether it was done, as the answer says."""
        return self.status in (200, 201, 204)

    @property
    def is_write(self) -> bool:
        """Whether it was to change something."""
        return self.what in WRITES


class Ledger:
    """All that clients know by now. An article belongs to one writer, so that its editions have
    an order; a reader clicks an article at most once.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.editions: dict[str, Edition] = {}
        """As they were last acknowledged."""
        self.acknowledged_at: dict[str, float] = {}
        self.doubtful: dict[str, set[Edition]] = defaultdict(set)
        """What was sent since then, without an acknowledgement."""
        self.clicks: dict[str, dict[str, str]] = defaultdict(dict)
        """Reader → article → event id, acknowledged, in order."""
        self.doubtful_clicks: dict[str, set[str]] = defaultdict(set)
        self.bulk = 0
        """Articles put into the store beside the clients."""
        self.numbers = itertools.count()

    def sends(self, article_id: str, edition: Edition) -> None:
        """An edition is under way: until it is acknowledged it may be there or not."""
        self.doubtful[article_id].add(edition)

    def holds(self, article_id: str, edition: Edition) -> None:
        """An edition is acknowledged."""
        self.editions[article_id] = edition
        self.acknowledged_at[article_id] = time.monotonic()
        self.doubtful.pop(article_id, None)

    def sends_click(self, reader: str, article_id: str) -> None:
        """A click is under way."""
        self.doubtful_clicks[reader].add(article_id)

    def holds_click(self, reader: str, article_id: str, event_id: str) -> None:
        """A click is acknowledged."""
        self.clicks[reader][article_id] = event_id
        self.doubtful_clicks[reader].discard(article_id)

    def allowed(self, article_id: str) -> set[Edition]:
        """What may be there of an article."""
        known = {self.editions[article_id]} if article_id in self.editions else {WITHDRAWN}
        return known | self.doubtful.get(article_id, set())

    def gone_since(self, moment: float) -> set[str]:
        """The articles whose withdrawal was acknowledged before the moment, and that nobody has
        put since.
        """
        return {
            article_id
            for article_id, edition in self.editions.items()
            if edition is WITHDRAWN
            and not self.doubtful.get(article_id)
            and self.acknowledged_at[article_id] < moment
        }
