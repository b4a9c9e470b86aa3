"""Services that are busy, refuse, or are not there."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.importing.errors import Refused, StillBusy, UnexpectedAnswer, Unreachable
from service.importing.patience import Patience
from tests.unit.importing.conftest import Importer
from tests.unit.importing.recording_service import RecordingService
from tests.unit.importing.test_command import counts, lines

Write = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("headers", [{"Retry-After": "0"}, {}])
def test_a_busy_service_is_asked_again(
    run_import: Importer,
    service: RecordingService,
    write: Write,
    status: int,
    headers: dict[str, str],
) -> None:
    service.script = [(status, headers, {"detail": "later"})] * 3
    assert counts(run_import(write("news.jsonl", lines(4)), batch_size=2)) == (4, 0, 0)
    assert len(service.posts) == 5


def test_patience_with_a_busy_service_ends(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    service.script = [(503, {"Retry-After": "0"}, {"detail": "Redis does not answer"})] * 20
    few = Patience(attempts=3, first_seconds=0.001)
    with pytest.raises(StillBusy, match=r"after 3 attempts: 503 .*Redis does not answer"):
        run_import(write("news.jsonl", lines(1)), patience=few)
    assert len(service.posts) == 3


def test_a_service_that_wants_to_be_left_alone_for_long_is_not_waited_for(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    service.script = [(429, {"Retry-After": "3600"}, {"detail": "quota"})]
    with pytest.raises(StillBusy, match=r"after 1 attempt: 429 .*quota \(come back in 3600 s\)"):
        run_import(write("news.jsonl", lines(1)))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422, 500])
def test_a_refusal_ends_the_import_with_its_reason(
    run_import: Importer, service: RecordingService, write: Write, status: int
) -> None:
    problem = {"type": "about:blank", "title": "No", "status": status, "detail": "the reason"}
    service.script = [(status, {"Content-Type": "application/problem+json"}, problem)]
    with pytest.raises(Refused, match=rf"{status} .*: the reason") as error:
        run_import(write("news.jsonl", lines(1)))
    assert error.value.status == status
    assert len(service.posts) == 1


def test_a_redirect_ends_the_import_and_says_where_to(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    service.script = [(308, {"Location": "https://example.org/v1/articles"}, b"")]
    with pytest.raises(Refused, match=r"to https://example\.org/v1/articles: give that address"):
        run_import(write("news.jsonl", lines(1)))


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>hello</html>",
        b"[]",
        b"null",
        {},
        {"results": []},
        {"results": [1]},
        {"results": "ok"},
        {"results": [{"status": 1}]},
        {"results": [{"status": "liked"}]},
        {"results": [{"status": "created"}, {"status": "created"}]},
    ],
)
def test_what_is_not_newsstand_is_recognised(
    run_import: Importer, service: RecordingService, write: Write, answer: dict[str, Any] | bytes
) -> None:
    service.script = [(200, {}, answer)]
    with pytest.raises(UnexpectedAnswer):
        run_import(write("news.jsonl", lines(1)))


@pytest.mark.parametrize("error", [None, "text", {}, {"title": "Invalid"}])
def test_a_rejection_needs_no_reason(
    run_import: Importer, service: RecordingService, write: Write, error: Any
) -> None:
    result = {"index": 0, "status": "rejected", "error": error}
    service.script = [(200, {}, {"results": [result]})]
    assert counts(run_import(write("news.jsonl", lines(1)))) == (0, 1, 0)
    reason = "Invalid" if error == {"title": "Invalid"} else "the service gives no reason"
    assert run_import.said.getvalue().strip().endswith(f"news.jsonl:1: {reason}")


def test_where_nothing_answers_there_is_one_clear_error(
    run_import: Importer, write: Write, unused_port: int
) -> None:
    with pytest.raises(Unreachable, match=f"no service answers at http://127.0.0.1:{unused_port}"):
        run_import(write("news.jsonl", lines(1)), to=f"http://127.0.0.1:{unused_port}/")


def test_a_connection_that_is_dropped_is_tried_again(run_import: Importer, write: Write) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken = []

        def drop_twice() -> None:
            for _ in range(2):
                connection, _ = listening.accept()
                with connection:
                    taken.append(connection.recv(1))

        dropping = threading.Thread(target=drop_twice)
        dropping.start()
        to = f"http://127.0.0.1:{listening.getsockname()[1]}"
        few = Patience(attempts=2, first_seconds=0.001)
        with pytest.raises(StillBusy, match="after 2 attempts"):
            run_import(write("news.jsonl", lines(1)), to=to, patience=few)
        dropping.join(timeout=30)
    assert taken == [b"P", b"P"]
