"""API keys: what a client shows, and what is kept of it.

A key looks like ``newsstand_<id>_<secret>``. The id is public: it says which key is meant. The
secret has 256 random bits, and only the SHA-256 of the whole key is kept. Slow hashes are for
passwords, which people choose and others guess; nobody guesses 256 bits, and a fast hash lets every
request be checked in about a microsecond.
"""

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from service.domain.fields import Message, Time

PREFIX: Final = "newsstand_"
ID_DIGITS: Final = 12
SECRET_BYTES: Final = 32


class KeyScope(StrEnum):
    """What a key may do. None holds another: a key has those that it was given."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


KeyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Rate = Annotated[float, Field(gt=0, le=1_000_000)]
"""Requests a second."""


class ApiKey(Message):
    """What is kept of a key: enough to know it again, and nothing to pass for it."""

    id: Annotated[str, StringConstraints(pattern=rf"^[0-9a-f]{{{ID_DIGITS}}}$")]
    name: KeyName
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    scopes: Annotated[frozenset[KeyScope], Field(min_length=1)]
    created: Time
    requests_per_second: Rate | None = None


class Keyring(Message):
    """All keys that are known. Ids and names are unique."""

    format: Literal[1] = 1
    keys: tuple[ApiKey, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for what, values in (
            ("id", [key.id for key in self.keys]),
            ("name", [key.name for key in self.keys]),
        ):
            if twice := [value for value, times in Counter(values).items() if times > 1]:
                raise ValueError(f"more than one key has the {what} {min(twice)}")
        return self

    def owner(self, shown: str) -> ApiKey | None:
        """The key that a client shows, or None if it is not one of these. Takes as long for a wrong
        secret as for the right one.
        """
        key = self._by_id.get(shown[len(PREFIX) : len(PREFIX) + ID_DIGITS])
        same = key is not None and hmac.compare_digest(key.sha256, digest(shown))
        return key if same else None

    def named(self, name: str) -> ApiKey | None:
        """The key of that name, if there is one."""
        return next((key for key in self.keys if key.name == name), None)

    def adding(self, key: ApiKey) -> "Keyring":
        """These keys and one more."""
        return Keyring(keys=(*self.keys, key))

    def without(self, name: str) -> "Keyring":
        """These keys but for one."""
        return Keyring(keys=tuple(key for key in self.keys if key.name != name))

    @cached_property
    def _by_id(self) -> dict[str, ApiKey]:
        return {key.id: key for key in self.keys}


def new_key(
    name: str, scopes: Iterable[KeyScope], requests_per_second: float | None, created: datetime
) -> tuple[str, ApiKey]:
    """A key as its client shows it, which nobody can tell again, and what is kept of it.

    Raises pydantic's ValidationError for a name, a rate or scopes that cannot be.
    """
    public = secrets.token_hex(ID_DIGITS // 2)
    shown = f"{PREFIX}{public}_{secrets.token_hex(SECRET_BYTES)}"
    kept = ApiKey(
        id=public,
        name=name,
        sha256=digest(shown),
        scopes=frozenset(scopes),
        created=created,
        requests_per_second=requests_per_second,
    )
    return shown, kept


def digest(shown: str) -> str:
    """The SHA-256 of a key, in hexadecimal."""
    return hashlib.sha256(shown.encode()).hexdigest()
