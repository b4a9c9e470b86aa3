"""Versions and aliases: ``<store>/<name>/<version>/`` and ``<store>/<name>/aliases.json``.

A search path of stores is read in order: the writable one first, then the shipped one. An alias
belongs to the first store that defines it.
"""

import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from model_store import layout
from model_store.artefact import Artefact, read
from model_store.errors import Damaged, InUse, NotFound, NotWritable
from model_store.files import replace_text

SHIPPED: Final = Path(__file__).parent / "artefacts"
DEFAULT_ARTEFACT: Final = "newsstand-mini"
DEFAULT_ALIAS: Final = "production"
REMEMBERED: Final = 20
"""How many former versions an alias can be rolled back through."""


class Alias(BaseModel):
    """Where an alias points, and where it pointed before, the latest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    previous: tuple[int, ...] = ()


_Aliases = TypeAdapter(dict[str, Alias])


@dataclass(frozen=True)
class Reference:
    """``name@3``, ``name@production``, or ``name`` alone, which means ``name@production``."""

    name: str
    selector: str

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Raises NotFound for a text that cannot name an artefact."""
        name, at, selector = text.partition("@")
        if not name or (at and not selector) or "/" in text or text.startswith("."):
            raise NotFound(f"{text!r} names no artefact; say NAME, NAME@VERSION or NAME@ALIAS")
        return cls(name, selector or DEFAULT_ALIAS)

    def __str__(self) -> str:
        return f"{self.name}@{self.selector}"


@dataclass(frozen=True)
class ModelStore:
    """One or more store folders, searched in order. The first one is written to, unless there is
    none but the shipped one.
    """

    roots: tuple[Path, ...]

    @classmethod
    def at(cls, writable: Path | None = None) -> "ModelStore":
        """The search path of the commands: ``writable`` if given, then the shipped artefacts."""
        return cls((writable, SHIPPED) if writable else (SHIPPED,))

    @property
    def writable(self) -> Path:
        """The store that is written to. Raises NotWritable where none was named."""
        if self.roots == (SHIPPED,):
            raise NotWritable("what ships is never changed: name a store of your own (--store)")
        return self.roots[0]

    def names(self) -> list[str]:
        """Every artefact's name, sorted."""
        return sorted(
            {
                family.name
                for root in self.roots
                if root.is_dir()
                for family in root.iterdir()
                if versions_in(family)
            }
        )

    def versions(self, name: str) -> list[int]:
        """The versions of ``name`` over all stores, ascending."""
        return sorted({version for root in self.roots for version in versions_in(root / name)})

    def folder(self, reference: str) -> Path:
        """The folder that ``reference`` points to. Raises NotFound if there is none."""
        wanted = Reference.parse(reference)
        version = (
            int(wanted.selector) if wanted.selector.isdecimal() else self._aliased(wanted).version
        )
        for root in self.roots:
            if version in versions_in(root / wanted.name):
                return root / wanted.name / str(version)
        raise NotFound(
            f"there is no version {version} of {wanted.name}; {self._what_is_there(wanted)}"
        )

    def load(self, reference: str) -> Artefact:
        """The verified artefact. Raises NotFound or Damaged."""
        return read(self.folder(reference))

    def aliases(self, name: str) -> dict[str, Alias]:
        """Every alias of ``name``; an earlier store's alias hides a later one's."""
        merged: dict[str, Alias] = {}
        for root in reversed(self.roots):
            merged |= _read_aliases(root / name)
        return merged

    def promote(self, name: str, version: int, alias: str = DEFAULT_ALIAS) -> None:
        """Point ``alias`` to ``version``, atomically, after verifying it.

        Raises NotFound or Damaged; the alias then stays as it is.
        """
        self.load(f"{name}@{version}")
        if alias.isdecimal() or not alias.replace("-", "").replace("_", "").isalnum():
            raise NotFound(f"{alias!r} cannot be an alias: use letters, and not a number alone")
        with self._changing(name) as aliases:
            held = aliases.get(alias) or self.aliases(name).get(alias)
            if held is None:
                aliases[alias] = Alias(version=version)
            elif held.version != version:
                previous = (held.version, *held.previous)[:REMEMBERED]
                aliases[alias] = Alias(version=version, previous=previous)

    def rollback(self, name: str, alias: str = DEFAULT_ALIAS) -> int:
        """Point ``alias`` back to where it pointed before and return that version.

        Raises NotFound if the alias does not exist or never pointed elsewhere.
        """
        wanted = Reference.parse(f"{name}@{alias}")
        self._aliased(wanted)
        with self._changing(name) as aliases:
            held = self._aliased(wanted)
            if not held.previous:
                raise NotFound(f"{wanted} has not pointed to any version before {held.version}")
            version, *older = held.previous
            self.load(f"{name}@{version}")
            aliases[alias] = Alias(version=version, previous=tuple(older))
        return version

    def prune(self, name: str, keep: int) -> list[int]:
        """Remove from the writable store all but the newest ``keep`` versions and return them.

        A version that an alias points to, or would point to after one rollback, is kept. Raises
        NotFound if the writable store has no version of ``name``.
        """
        wanted = Reference.parse(name)
        if not versions_in(self.writable / name):
            raise NotFound(
                f"nothing of {name} is in {self.writable}; {self._what_is_there(wanted)}"
            )
        with self._changing(name):
            held = self.aliases(name).values()
            needed = {a.version for a in held} | {a.previous[0] for a in held if a.previous}
            newest_first = sorted(versions_in(self.writable / name), reverse=True)
            doomed = [version for version in newest_first[keep:] if version not in needed]
            for version in doomed:
                self._discard(name, version)
        return sorted(doomed)

    def remove(self, name: str, version: int) -> None:
        """Remove one version from the writable store. Raises NotFound or InUse."""
        holders = [alias for alias, held in self.aliases(name).items() if held.version == version]
        if holders:
            raise InUse(f"{name}@{version} is what {', '.join(sorted(holders))} points to")
        if version not in versions_in(self.writable / name):
            raise NotFound(f"there is no version {version} of {name} in {self.writable}")
        self._discard(name, version)

    def _discard(self, name: str, version: int) -> None:
        doomed = self.writable / name / str(version)
        hidden = Path(tempfile.mkdtemp(prefix=layout.STAGING_PREFIX, dir=doomed.parent))
        doomed.rename(hidden / doomed.name)
        shutil.rmtree(hidden)

    def _aliased(self, wanted: Reference) -> Alias:
        alias = self.aliases(wanted.name).get(wanted.selector)
        if alias is None:
            raise NotFound(f"there is no {wanted}; {self._what_is_there(wanted)}")
        return alias

    def _what_is_there(self, wanted: Reference) -> str:
        stores = ", ".join(map(str, self.roots))
        versions = ", ".join(map(str, self.versions(wanted.name)))
        if versions:
            return f"versions of {wanted.name} in {stores}: {versions}"
        return f"artefacts in {stores}: {', '.join(self.names()) or 'none'}"

    @contextmanager
    def _changing(self, name: str) -> Iterator[dict[str, Alias]]:
        """The writable store's aliases, under a lock; what the block leaves in them is written."""
        family = self.writable / name
        with _lock_file(family) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = _read_aliases(family)
            aliases = dict(before)
            yield aliases
            if aliases != before:
                text = json.dumps({k: a.model_dump() for k, a in sorted(aliases.items())}, indent=2)
                replace_text(family / layout.ALIASES, text + "\n")


def versions_in(family: Path) -> list[int]:
    """The version numbers in one artefact's folder, ascending; none if it is not there."""
    if not family.is_dir():
        return []
    return sorted(int(path.name) for path in family.iterdir() if path.name.isdecimal())


def _lock_file(family: Path) -> TextIO:
    try:
        family.mkdir(parents=True, exist_ok=True)
        return (family / ".lock").open("w")
    except OSError as error:
        raise NotWritable(f"{family} cannot be written to: {error.strerror}") from error


def _read_aliases(family: Path) -> dict[str, Alias]:
    path = family / layout.ALIASES
    try:
        return _Aliases.validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise Damaged(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise Damaged(f"{path} is damaged: {error.errors()[0]['msg']}") from error
