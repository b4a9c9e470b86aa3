"""Everything that a call may end with but an answer.

NewsstandError                    a text for people, and the id of the request
├── Unreachable                   no answer came, after all tries
├── NotUnderstood                 what answers is not Newsstand
└── Refused                       Newsstand said no: status, kind, which fields
    ├── Invalid                   400, 413, 415, 422: the request is wrong
    ├── NotAuthenticated          401: no key, or an unknown one
    ├── NotAllowed                403: the key lacks the scope
    ├── NotFound                  404
    ├── Conflict                  409: it does not go with how things stand
    ├── CursorExpired             410: begin at the first page again
    └── NotNow                    408, 502, 504: repeat it later
        ├── RateLimited           429
        └── Unavailable           503: overloaded, or it cannot be made durable
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from newsstand_client.message import FieldError, Problem


class NewsstandError(Exception):
    """Base of all. ``request_id`` is in the service's log, too."""

    def __init__(self, said: str, request_id: str) -> None:
        super().__init__(f"{said} (request {request_id})")
        self.request_id = request_id


class Unreachable(NewsstandError):
    """No answer came; the last failure is the cause. What was sent may have been done."""


class NotUnderstood(NewsstandError):
    """An answer that Newsstand does not give: the address is another service's, or a proxy's."""


class Refused(NewsstandError):
    """Newsstand answered with an error."""

    def __init__(self, problem: Problem, request_id: str, retry_after: float | None = None) -> None:
        super().__init__(f"{problem.status} {problem.title}: {problem.detail}", request_id)
        self.problem = problem
        self.retry_after = retry_after
        """Seconds to wait before it is asked again, if the service said so."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status

    @property
    def kind(self) -> str:
        """What sort of error, such as ``invalid`` or ``state-lost``; empty if it has no name."""
        return self.problem.kind

    @property
    def detail(self) -> str:
        """What is wrong, for people."""
        return self.problem.detail

    @property
    def fields(self) -> tuple[FieldError, ...]:
        """Which fields are wrong."""
        return self.problem.errors


class Invalid(Refused):
    """The request is wrong, and will be the next time."""


class NotAuthenticated(Refused):
    """No key was sent, or one that the service does not know."""


class NotAllowed(Refused):
    """The key lacks the scope."""


class NotFound(Refused):
    """What was asked for is not there."""


class Conflict(Refused):
    """It does not go together with how things stand."""


class CursorExpired(Refused):
    """The page is too old: begin at the first one again."""


class NotNow(Refused):
    """Not now; the same may be asked later."""


class RateLimited(NotNow):
    """The key has used up what it may ask for at once."""


class Unavailable(NotNow):
    """The service is overloaded, or cannot make a write durable."""


BY_STATUS: Final[Mapping[int, type[Refused]]] = {
    400: Invalid,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    408: NotNow,
    409: Conflict,
    410: CursorExpired,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: RateLimited,
    502: NotNow,
    503: Unavailable,
    504: NotNow,
}


def refusal(response: httpx.Response, request_id: str) -> Refused:
    """The error that the response tells, be it Newsstand's or of a proxy before it."""
    return BY_STATUS.get(response.status_code, Refused)(
        _problem(response),
        response.headers.get("x-request-id", request_id),
        retry_after_seconds(response.headers.get("retry-after", ""), datetime.now(UTC)),
    )


def retry_after_seconds(header: str, now: datetime) -> float | None:
    """``Retry-After`` in seconds, given as such or as a date; None if it is neither."""
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _problem(response: httpx.Response) -> Problem:
    try:
        return Problem.model_validate_json(response.content)
    except ValueError:  # not a problem: a proxy's own page
        return Problem(status=response.status_code, title=response.reason_phrase or "Error")
