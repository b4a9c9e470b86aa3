"""Everything that the service refuses, and why.

NewsstandError                     a text for people, and a status for clients
├── Malformed            400       the body is not what its type says
├── ForgedCursor         400       not made here, or for another request
├── Unauthenticated      401       nobody knows who asks
│   ├── NoKey            401
│   └── UnknownKey       401       never made, or revoked
├── Forbidden            403       the key has not the scope that this needs
├── NotFound             404
├── TooSlow              408       the body does not arrive
├── Conflict             409       it does not go together with how things stand
├── ExpiredCursor        410
├── TooLarge             413       too many items or bytes
├── UnsupportedMedia     415
├── Invalid              422       a field is wrong; says which
├── RateLimited          429       the key comes more often than it may
├── ClientGone           499       nobody waits for the answer any more
└── Unavailable          503       it cannot be done now, or made durable
    ├── Overloaded       503       more is waiting to be encoded than can be in good time
    └── StateLost        503       the state store is empty, or another: nothing is written there
EncodingFailed                     a model gave no vectors for these texts
SetupError                         the service cannot start as it is configured
TornSnapshot                       a snapshot that cannot be used; it is set aside and made anew
"""

import math
import random
from dataclasses import dataclass
from typing import ClassVar, Final

LONGEST_RETRY_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: where it stands (``body``, ``path``, ``query``), its pointer, and why."""

    where: str
    pointer: str
    detail: str


class NewsstandError(Exception):
    """Base of all that turns into an HTTP answer."""

    status: ClassVar[int]
    kind: ClassVar[str]
    title: ClassVar[str]
    retry_after_seconds: int | None = None

    def __init__(self, detail: str, fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields


class Malformed(NewsstandError):
    """The body cannot be read as what its content type says."""

    status, kind, title = 400, "malformed", "Malformed request"


class ForgedCursor(NewsstandError):
    """A cursor that was not made here, or for another request."""

    status, kind, title = 400, "forged-cursor", "Forged cursor"


class Conflict(NewsstandError):
    """What was asked for does not go with how things stand; says what stands in the way."""

    status, kind, title = 409, "conflict", "Conflict"


class ExpiredCursor(NewsstandError):
    """A cursor that is too old."""

    status, kind, title = 410, "expired-cursor", "Expired cursor"


class Unauthenticated(NewsstandError):
    """Nobody knows who asks. ``challenge`` says how to tell (RFC 6750)."""

    status, kind, title = 401, "unauthenticated", "No valid API key"
    challenge: ClassVar[str] = "Bearer"


class NoKey(Unauthenticated):
    """The request bears no API key."""


class UnknownKey(Unauthenticated):
    """The API key was never made here, or it was revoked."""

    challenge = 'Bearer error="invalid_token"'


class Forbidden(NewsstandError):
    """The API key is known, and may not do this."""

    status, kind, title = 403, "forbidden", "Forbidden"


class NotFound(NewsstandError):
    """What was asked for is not there."""

    status, kind, title = 404, "not-found", "Not found"


class TooSlow(NewsstandError):
    """The body comes so slowly that nobody waits for the rest of it."""

    status, kind, title = 408, "too-slow", "Request too slow"


class TooLarge(NewsstandError):
    """Too many items, or too large a body."""

    status, kind, title = 413, "too-large", "Request too large"


class UnsupportedMedia(NewsstandError):
    """A content type that the call does not read."""

    status, kind, title = 415, "unsupported-media-type", "Unsupported media type"


class Invalid(NewsstandError):
    """One or more fields are wrong."""

    status, kind, title = 422, "invalid", "Invalid request"


class RateLimited(NewsstandError):
    """The API key is used more often than it may be; again in ``wait_seconds``."""

    status, kind, title = 429, "rate-limited", "Too many requests"

    def __init__(self, detail: str, wait_seconds: float = 1.0) -> None:
        super().__init__(detail)
        self.retry_after_seconds = max(1, math.ceil(wait_seconds))


class ClientGone(NewsstandError):
    """The client went away before its answer: nobody reads this one."""

    status, kind, title = 499, "client-gone", "Client gone"


class Unavailable(NewsstandError):
    """The service cannot do this now. Repeat it, ``retry_after_seconds`` later, which differs so
    that callers do not come back in step; what was done of it already is not done twice.
    """

    status, kind, title = 503, "unavailable", "Temporarily unavailable"

    retry_after_seconds: int

    def __init__(self, detail: str, fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail, fields)
        self.retry_after_seconds = random.randint(1, 3)


class Overloaded(Unavailable):
    """More texts wait for the encoder than it can encode in good time: come back when those that
    were there first are done, in ``backlog_seconds`` by what was measured.
    """

    status, kind, title = 503, "overloaded", "Overloaded"

    def __init__(self, detail: str, backlog_seconds: float = 0.0) -> None:
        super().__init__(detail)
        seconds = backlog_seconds * random.uniform(0.8, 1.2)
        self.retry_after_seconds += min(round(seconds), LONGEST_RETRY_SECONDS)


class StateLost(Unavailable):
    """The state store came back empty, or is not the one that this newsstand worked with. It is
    read as it is, and nothing is written there until an operator confirms it.
    """

    status, kind, title = 503, "state-lost", "State lost"


class EncodingFailed(Exception):
    """A model gave no vectors for some texts; the cause says why. ``positions`` are theirs in the
    call, none where it is no single text's fault: the others can be asked for again.
    """

    def __init__(self, detail: str, positions: tuple[int, ...] = ()) -> None:
        super().__init__(detail)
        self.positions = positions


class SetupError(Exception):
    """The service cannot start: a setting, a file or a port is not as it must be."""


class TornSnapshot(Exception):
    """A snapshot on disk is damaged, or of another state store, model or format; says how."""
