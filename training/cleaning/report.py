"""What was dropped, and why: in figures, as JSON, and as a table. It holds no text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from rich.table import Table

from training.cleaning.settings import Cleaning


class Reason(StrEnum):
    """Why a text goes, in the order in which it is asked; only the first is counted."""

    UNTRANSLATED = "untranslated"
    """Both sides of a pair are the same text."""
    DAMAGED = "damaged"
    FEW_LETTERS = "few letters"
    TOO_LONG = "too long"
    OTHER_SCRIPT = "other script"
    OTHER_LANGUAGE = "other language"
    REPEATED = "repeated"
    """The same text stands before it."""
    NEAR_DUPLICATE = "near-duplicate"


@dataclass(frozen=True)
class Dropped:
    """How many texts went for one reason, and the first of them."""

    count: int
    example: int
    """Its number, from 1, among the texts of its language, or its pair of languages, as read."""


@dataclass(frozen=True)
class Account:
    """One language's texts, or two languages' pairs."""

    languages: tuple[str, ...]
    read: int
    kept: int
    dropped: Mapping[Reason, Dropped]
    """What did not occur is not there. ``read`` is ``kept`` and all that was dropped."""


@dataclass(frozen=True)
class CleaningReport:
    """All that was cleaned, how strictly, and what could not be checked."""

    accounts: Sequence[Account]
    settings: Cleaning
    unknown_script: Sequence[str]
    """Languages whose script is not known: no text of theirs was dropped for its script."""
    unknown_language: Sequence[str]
    """Languages that the identifier does not know: none went for its language."""
    skipped: Mapping[str, int]
    """Lines that could not be read, by file and what was expected; ``read`` is without them."""

    @property
    def read(self) -> int:
        """All texts or pairs."""
        return sum(account.read for account in self.accounts)

    @property
    def kept(self) -> int:
        """All that stayed."""
        return sum(account.kept for account in self.accounts)

    @property
    def dropped(self) -> Counter[Reason]:
        """Why all others went."""
        counts: Counter[Reason] = Counter()
        for account in self.accounts:
            counts.update({reason: of.count for reason, of in account.dropped.items()})
        return counts

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        totals = {"read": self.read, "kept": self.kept, "dropped": dict(self.dropped)}
        plain = asdict(self) | {"settings": self.settings.model_dump(mode="json")}
        return totals | plain

    def table(self) -> Table:
        """One language or pair a row, one reason that occurred a column, and all at the end."""
        reasons = [reason for reason in Reason if reason in self.dropped]
        table = Table("language", box=None)
        for column in ("read", "kept", *reasons):
            table.add_column(column, justify="right")
        for one in self.accounts:
            counts = Counter({reason: of.count for reason, of in one.dropped.items()})
            table.add_row(*_row(" → ".join(one.languages), one.read, one.kept, counts, reasons))
        table.add_section()
        table.add_row(*_row("all", self.read, self.kept, self.dropped, reasons))
        return table


def _row(
    name: str, read: int, kept: int, counts: Counter[Reason], reasons: Sequence[Reason]
) -> list[str]:
    return [name, *(f"{count:,}" for count in (read, kept, *(counts[of] for of in reasons)))]
