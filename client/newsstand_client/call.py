"""One request as a value, and how the answers to several are read as one."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, get_args

import httpx
from pydantic import BaseModel

from newsstand_client.errors import NotUnderstood

T = TypeVar("T")
A = TypeVar("A", bound=BaseModel)
M = TypeVar("M", bound=Callable[..., Any])
Repeat = Literal["always", "unless received", "never"]
"""When it is tried again: whatever happened, only if the service cannot have had it, or not."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``route`` is its path without the ids, which may be said in a log."""

    method: str
    route: str
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    repeat: Repeat = "always"
    encodes: bool = False
    """Whether the answer waits for articles to be encoded."""


@dataclass(frozen=True, slots=True)
class Errand(Generic[T]):
    """What one method does: calls, made in order, and what their answers say together.

    ``read`` takes their bodies, and raises ValueError for what Newsstand does not answer.
    """

    calls: Iterable[Call]
    read: Callable[[Sequence[bytes]], T]

    def outcome(self, responses: Sequence[httpx.Response]) -> T:
        """What the responses, all of them successes, say together. Raises NotUnderstood."""
        try:
            return self.read([response.content for response in responses])
        except ValueError as error:
            request_id = responses[-1].headers.get("x-request-id", "unknown")
            raise NotUnderstood("what answers is not Newsstand", request_id) from error


def one(call: Call, answer: type[A]) -> Errand[A]:
    """A single call that is answered with an ``answer``."""
    return Errand([call], lambda bodies: answer.model_validate_json(bodies[0]))


def silent(call: Call) -> Errand[None]:
    """A single call that is answered with nothing."""
    return Errand([call], lambda bodies: None)


def described(method: M, errand: Callable[..., Errand[Any]]) -> M:
    """The method with the name, the docstring and the signature of its errand."""
    own = inspect.signature(errand, eval_str=True)
    self = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    (answer,) = get_args(own.return_annotation)
    functools.update_wrapper(method, errand)
    method.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [self, *own.parameters.values()], return_annotation=answer
    )
    return method
