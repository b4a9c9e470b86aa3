"""Errors as RFC 9457 ``application/problem+json``, in one place."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from service.errors import FieldError, Invalid, NewsstandError, TooLarge

MEDIA_TYPE: Final = "application/problem+json"
TITLES: Final = {404: "Not found", 405: "Method not allowed"}


def install(app: FastAPI) -> None:
    """Turn every error of the app into a problem."""
    app.add_exception_handler(NewsstandError, _on_newsstand_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)


def problem(error: NewsstandError) -> dict[str, Any]:
    """The error as a problem's fields."""
    fields: dict[str, Any] = {
        "type": f"urn:newsstand:{error.kind}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    if error.fields:
        fields["errors"] = [
            {"in": field.where, "pointer": field.pointer, "detail": field.detail}
            for field in error.fields
        ]
    return fields


def answer(error: NewsstandError) -> Response:
    """The error as it is answered."""
    wait = error.retry_after_seconds
    headers = None if wait is None else {"Retry-After": str(wait)}
    return _response(error.status, problem(error), headers)


def invalid(errors: Iterable[Mapping[str, Any]], where: str | None = None) -> NewsstandError:
    """Pydantic's errors as ours: too long a list is TooLarge, all else Invalid.

    ``where`` says what was validated; without it the first part of each location does.
    """
    found = list(errors)
    fields = tuple(_field(error, where) for error in found)
    summary = "; ".join(f"{field.pointer or field.where} {field.detail}" for field in fields[:3])
    more = f"; and {len(fields) - 3} more" if len(fields) > 3 else ""
    kind = TooLarge if any(error["type"] == "too_long" for error in found) else Invalid
    return kind(summary + more, fields)


def unexpected() -> Response:
    """What a client is told of a defect: nothing but that there is one."""
    fields = {"type": "about:blank", "title": "Internal server error", "status": 500}
    return _response(500, {**fields, "detail": "see the service's log for this request id"})


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


def _response(
    status: int, fields: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    return Response(orjson.dumps(fields), status, headers, MEDIA_TYPE)


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
    fields = {
        "type": "about:blank",
        "title": title,
        "status": error.status_code,
        "detail": detail,
    }
    return _response(error.status_code, fields, error.headers)
