"""How many live articles there are of each language and category, counted once for each change."""

from dataclasses import dataclass
from typing import Final

from service.catalogue.catalogue import Catalogue

MOST_NAMED: Final = 1_000
Counts = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Counted:
    """The largest first, of equal ones by name; at most ``MOST_NAMED`` of each."""

    languages: Counts
    categories: Counts


class Census:
    """Remembers what it last counted."""

    def __init__(self) -> None:
        self._state = (-1, -1, -1)
        self._counted = Counted([], [])

    def of(self, catalogue: Catalogue) -> Counted:
        """The counts as they are now."""
        # Between two rows that are written, articles can only leave.
        state = catalogue.layout, catalogue.rows_written, len(catalogue)
        if state != self._state:
            rows = catalogue.live_rows()
            columns = catalogue.columns
            self._counted = Counted(
                columns.languages.counts(rows)[:MOST_NAMED],
                columns.categories.counts(rows)[:MOST_NAMED],
            )
            self._state = state
        return self._counted
