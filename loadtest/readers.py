"""Readers, and what they would be angry to see again."""

import random
from dataclasses import dataclass, field
from typing import Final

RETURNING: Final = 0.7
"""So many visits are by a reader who has been here before, once there are any."""
SESSION_REMEMBERED: Final = 20
NEVER_AGAIN_KEPT: Final = 1_000
"""So much the service remembers of a reader, beside the newest clicks."""


@dataclass
class Reader:
    """One reader; without ``user_id`` a stranger, of whom only this session is known.

    ``never_again`` holds, as keys, what the service has acknowledged, the newest last.
    """

    user_id: str | None
    never_again: dict[str, None] = field(default_factory=dict)
    newest_click: str | None = None
    session: list[str] = field(default_factory=list)

    def clicked(self, article_id: str) -> None:
        """The service has acknowledged the click; of a stranger's, only the session knows."""
        if self.user_id is None:
            self.session = [*self.session, article_id][-SESSION_REMEMBERED:]
        else:
            self._never_again(article_id)
            self.newest_click = article_id

    def hid(self, article_id: str) -> None:
        """The service has acknowledged that this is not wanted."""
        self._never_again(article_id)

    def _never_again(self, article_id: str) -> None:
        self.never_again.pop(article_id, None)
        self.never_again[article_id] = None
        if len(self.never_again) > NEVER_AGAIN_KEPT:
            del self.never_again[next(iter(self.never_again))]


@dataclass
class Readership:
    """All who may come: nobody is here twice at the same time, so each knows what they did."""

    prefix: str
    population: int
    rng: random.Random
    _away: list[Reader] = field(default_factory=list)
    _known: int = 0

    def arrives(self) -> Reader:
        """A reader comes: often one who has been here, else one whom nobody knows yet."""
        all_known = self._known >= self.population
        if self._away and (all_known or self.rng.random() < RETURNING):
            place = self.rng.randrange(len(self._away))
            self._away[place], self._away[-1] = self._away[-1], self._away[place]
            return self._away.pop()
        self._known += 1
        return Reader(f"{self.prefix}r{self._known}")

    def leaves(self, reader: Reader) -> None:
        """The reader goes, and may come again."""
        if reader.user_id is not None:
            self._away.append(reader)
