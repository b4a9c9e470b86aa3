from datetime import UTC, datetime

import httpx
import pytest

from newsstand_client import errors
from newsstand_client.errors import refusal, retry_after_seconds

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, errors.Refused),
        (400, errors.Invalid),
        (401, errors.NotAuthenticated),
        (403, errors.NotAllowed),
        (404, errors.NotFound),
        (405, errors.Refused),
        (408, errors.NotNow),
        (409, errors.Conflict),
        (410, errors.CursorExpired),
        (413, errors.Invalid),
        (415, errors.Invalid),
        (422, errors.Invalid),
        (429, errors.RateLimited),
        (500, errors.Refused),
        (502, errors.NotNow),
        (503, errors.Unavailable),
        (504, errors.NotNow),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[errors.Refused]) -> None:
    error = refusal(httpx.Response(status, text="<h1>no</h1>"), "r1")
    assert type(error) is kind
    assert error.status == status
    assert error.request_id == "r1"
    assert error.kind == ""


def test_a_problem_is_told_whole() -> None:
    problem = {
        "type": "urn:newsstand:invalid",
        "title": "Invalid request",
        "status": 422,
        "detail": "/limit is too large",
        "errors": [{"in": "body", "pointer": "/limit", "detail": "is too large"}],
        "added-later": 1,
    }
    headers = {"X-Request-ID": "r2", "Retry-After": "3"}
    error = refusal(httpx.Response(422, json=problem, headers=headers), "r1")
    assert (error.kind, error.detail) == ("invalid", "/limit is too large")
    assert [(f.where, f.pointer) for f in error.fields] == [("body", "/limit")]
    assert error.retry_after == 3
    assert str(error) == "422 Invalid request: /limit is too large (request r2)"


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("5", 5),
        (" 0 ", 0),
        ("Fri, 01 May 2026 12:00:30 GMT", 30),
        ("Fri, 01 May 2026 11:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(header: str, wanted: float | None) -> None:
    assert retry_after_seconds(header, NOON) == wanted
