"""Values that cross the edge: frozen. What is sent knows its fields; of what is answered, those
that a newer service adds are passed over. Their errors do not repeat what they hold.
"""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

KINDS: Final = "urn:newsstand:"


class Sent(BaseModel):
    """A value that goes to the service, which checks it: here only types are."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


class Answer(BaseModel):
    """A value that came from the service."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", protected_namespaces=(), hide_input_in_errors=True
    )


class FieldError(Answer):
    """One wrong field: in ``body``, ``path`` or ``query``, its JSON pointer there, and why."""

    where: str = Field(alias="in")
    pointer: str
    detail: str


class Problem(Answer):
    """An error as the service tells it (RFC 9457)."""

    status: int
    title: str
    detail: str = ""
    type: str = "about:blank"
    errors: tuple[FieldError, ...] = ()

    @property
    def kind(self) -> str:
        """What sort of error, such as ``invalid`` or ``state-lost``; empty if it has no name."""
        return self.type.removeprefix(KINDS) if self.type.startswith(KINDS) else ""


def as_json(value: Any) -> bytes:
    """The value as a body; of a ``Sent`` what is None is left out."""
    return to_json(value, exclude_none=True)
