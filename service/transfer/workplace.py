"""The folder beside its target where an export is made, until it is whole."""

import fcntl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from pydantic import Field

from model_store.files import replace_text, sync_folder
from service.domain.fields import Message
from service.transfer.errors import TargetTaken
from service.transfer.plan import Plan
from service.transfer.records import Header, Kind


class Reached(Message):
    """How far an export came: its first ``units`` units are written, up to ``position``."""

    header: Header
    store: str
    units: int = 0
    position: int = 0
    counts: dict[Kind, int] = Field(default_factory=dict)

    def after(self, kind: Kind, records: int, position: int) -> "Reached":
        """One unit further."""
        counts = Counter(self.counts)
        counts[kind] += records
        update = {"units": self.units + 1, "position": position, "counts": dict(counts)}
        return self.model_copy(update=update)


class Workplace:
    """The folder ``TARGET.export``; only one process works there at a time."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._folder = target.with_name(f"{target.name}.export")
        self._reached = self._folder / "reached.json"
        self.plan = Plan(self._folder / "plan")
        self.data = self._folder / "data"

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Keep others out while the block runs. Raises TargetTaken, also where the target is."""
        if self._target.exists():
            raise TargetTaken(f"{self._target} is there already: remove it, or name another")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise TargetTaken(f"{self._folder} cannot be made: {error.strerror}") from error
        with (self._folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise TargetTaken(f"another export to {self._target} is at work") from error
            yield

    def reached(self, store: str) -> Reached | None:
        """How far an earlier run came, None without one. Raises TargetTaken for another store's."""
        if not self._reached.exists():
            return None
        found = Reached.model_validate_json(self._reached.read_bytes())
        if found.store != store:
            raise TargetTaken(
                f"{self._folder} holds the beginning of an export from {found.store}: remove it"
            )
        return found

    def remember(self, reached: Reached) -> None:
        """Replace what is remembered, in one step."""
        replace_text(self._reached, reached.model_dump_json())

    def hand_over(self) -> None:
        """Give the whole export its name, and clear the place."""
        self._reached.unlink()  # first: an end in the middle leaves nothing that claims to go on
        rmtree(self.plan.folder)
        self.data.rename(self._target)
        sync_folder(self._target.parent)
        rmtree(self._folder)
