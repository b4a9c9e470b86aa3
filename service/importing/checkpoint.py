"""How far an import came, in a file, so that the next run goes on there."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from model_store.files import replace_text
from service.importing.errors import StateUnusable, Unreadable


class Progress(BaseModel):
    """How many of a source's records are acknowledged, how many of these were rejected, and
    whether they are all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = ""
    size: int = 0
    modified_ns: int = 0
    acknowledged: int = Field(default=0, ge=0)
    rejected: int = Field(default=0, ge=0)
    finished: bool = False


class Checkpoint(Protocol):
    """Where an import's progress is kept."""

    def read(self) -> Progress:
        """What is known of an earlier run; nothing acknowledged where there was none."""
        ...

    def acknowledge(self, records: int, rejected: int, *, finished: bool = False) -> None:
        """Remember that the first ``records`` records are acknowledged, ``rejected`` of them as
        unfit. Raises StateUnusable.
        """
        ...


@dataclass(frozen=True)
class Unremembered:
    """For sources that are read from the start each time: feeds."""

    def read(self) -> Progress:
        """Nothing."""
        return Progress()

    def acknowledge(self, records: int, rejected: int, *, finished: bool = False) -> None:
        """Nothing is kept."""


@dataclass(frozen=True)
class StateFile:
    """The progress of one file into one service, in a small JSON file of its own.

    Its name is a digest over the source's absolute path, the service's address and the options
    that change what is sent; inside stand the source's size and time, so that a changed source
    starts anew and its old state is replaced.
    """

    path: Path
    fresh: Progress

    @classmethod
    def of(cls, folder: Path, source: Path, target: str, options: Mapping[str, str]) -> Self:
        """The state file for ``source`` as it is now. Raises Unreadable."""
        absolute = str(source.resolve())
        try:
            status = source.stat()
        except OSError as error:
            raise Unreadable(f"{source} cannot be read: {error.strerror}") from error
        identity = [absolute, target, *(f"{name}={options[name]}" for name in sorted(options))]
        digest = hashlib.sha256("\0".join(identity).encode("utf-8", "surrogateescape"))
        fresh = Progress(source=absolute, size=status.st_size, modified_ns=status.st_mtime_ns)
        return cls(folder / f"{digest.hexdigest()[:32]}.json", fresh)

    def read(self) -> Progress:
        """The earlier run's progress; none if the source changed, or the file is damaged.

        Raises StateUnusable where the file is there but cannot be read.
        """
        try:
            found = Progress.model_validate_json(self.path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return self.fresh
        except OSError as error:
            raise StateUnusable(f"{self.path} cannot be read: {error.strerror}") from error
        nothing_done = {"acknowledged": 0, "rejected": 0, "finished": False}
        return found if found.model_copy(update=nothing_done) == self.fresh else self.fresh

    def acknowledge(self, records: int, rejected: int, *, finished: bool = False) -> None:
        """Replace the file in one step. Raises StateUnusable."""
        reached = {"acknowledged": records, "rejected": rejected, "finished": finished}
        progress = self.fresh.model_copy(update=reached)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace_text(self.path, progress.model_dump_json(indent=2) + "\n")
        except OSError as error:
            raise StateUnusable(f"{self.path} cannot be written: {error.strerror}") from error
