"""Errors as RFC 9457 ``application/problem+json``, in one place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from service.domain.fields import Message
from service.errors import FieldError, Invalid, NewsstandError, TooLarge, Unauthenticated

MEDIA_TYPE: Final = "application/problem+json"
MOST_NAMED: Final = 100
"""Wrong fields that a problem names, however many there are."""
METHODS: Final = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
TITLES: Final = {404: "Not found", 405: "Method not allowed"}


class WrongField(Message):
    """One wrong field, and why."""

    where: str = Field(serialization_alias="in", description="`body`, `path`, `query` or `header`")
    pointer: str = Field(description="JSON pointer (RFC 6901); empty for the whole")
    detail: str


class Problem(Message):
    """What went wrong (RFC 9457). ``type`` is for programs and stays, ``detail`` is for people."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[WrongField] | None = None


def install(app: FastAPI) -> None:
    """Turn every error of the app into a problem."""
    app.add_exception_handler(NewsstandError, _on_newsstand_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)


def problem(error: NewsstandError) -> Problem:
    """The error as a problem."""
    wrong = [
        WrongField(where=field.where, pointer=field.pointer, detail=field.detail)
        for field in error.fields
    ]
    return Problem(
        type=f"urn:newsstand:{error.kind}",
        title=error.title,
        status=error.status,
        detail=error.detail,
        errors=wrong or None,
    )


def answer(error: NewsstandError) -> Response:
    """The error as it is answered."""
    headers = {}
    if (wait := error.retry_after_seconds) is not None:
        headers["Retry-After"] = str(wait)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = error.challenge
    return _response(problem(error), headers)


def invalid(errors: Iterable[Mapping[str, Any]], where: str | None = None) -> NewsstandError:
    """Pydantic's errors as ours: too long a list is TooLarge, all else Invalid.

    ``where`` says what was validated; without it the first part of each location does.
    """
    found = list(errors)
    fields = tuple(_field(error, where) for error in found[:MOST_NAMED])
    summary = "; ".join(f"{field.pointer or field.where} {field.detail}" for field in fields[:3])
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
    kind = TooLarge if any(error["type"] == "too_long" for error in found) else Invalid
    return kind(summary + more, fields)


def unexpected() -> Response:
    """What a client is told of a defect: nothing but that there is one."""
    said = "see the service's log for this request id"
    return _response(
        Problem(type="about:blank", title="Internal server error", status=500, detail=said)
    )


def _field(error: Mapping[str, Any], where: str | None) -> FieldError:
    location: Sequence[str | int] = error["loc"]
    if where is None:
        where, location = str(location[0]), location[1:]
    pointer = "".join(f"/{_escaped(part)}" for part in location)
    return FieldError(where, pointer, _said(error))


def _said(error: Mapping[str, Any]) -> str:
    message: str = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return "is not a field of this version"
    if error["type"] == "string_pattern_mismatch":
        return f"must match {error['ctx']['pattern']}"
    return message[:1].lower() + message[1:]


def _escaped(part: str | int) -> str:
    return str(part)[:100].replace("~", "~0").replace("/", "~1")


def _response(answered: Problem, headers: Mapping[str, str] | None = None) -> Response:
    body = answered.model_dump_json(by_alias=True, exclude_none=True)
    return Response(body, answered.status, headers, MEDIA_TYPE)


async def _on_newsstand_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, NewsstandError)
    return answer(error)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return await _on_newsstand_error(request, invalid(error.errors()))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = TITLES.get(error.status_code, str(error.detail))
    detail = f"{request.method} {request.url.path}: {title.lower()}"
    answered = Problem(type="about:blank", title=title, status=error.status_code, detail=detail)
    allow = {"Allow": ", ".join(_allowed(request))} if error.status_code == 405 else {}
    return _response(answered, {**(error.headers or {}), **allow})


def _allowed(request: Request) -> Iterator[str]:
    """The path's methods; the framework itself would name those of one of its routes."""
    for method in METHODS:
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            yield method
