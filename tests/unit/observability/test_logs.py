"""Logs: what stands in a line, and what never does."""

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from service import logs
from service.api import access_log
from service.api.access_log import AccessLog
from service.pipeline.stages import Stages

READER = "reader-who-must-not-be-named"


@pytest.fixture
def heard() -> Iterator[StringIO]:
    """What a logger of this test writes as JSON lines."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def lines(heard: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in heard.getvalue().splitlines()]


def test_a_line_bears_the_request_on_whose_behalf_it_is_written(heard: StringIO) -> None:
    token = logs.of_request.set({"request_id": "r1", "trace_id": "t1"})
    logging.getLogger("a").warning("one %d", 1, extra=logs.fields(status=503))
    logs.of_request.reset(token)
    logging.getLogger("a").warning("two")
    one, two = lines(heard)
    assert one["message"] == "one 1"
    assert (one["request_id"], one["trace_id"], one["status"]) == ("r1", "t1", 503)
    assert set(two) == {"time", "level", "logger", "message"}


def test_a_traceback_says_where_and_what_but_quotes_nobody(heard: StringIO) -> None:
    def read() -> None:
        raise KeyError(READER)

    def serve() -> None:
        try:
            read()
        except KeyError as error:
            raise ExceptionGroup(READER, [ValueError(READER), OSError(28, "No space left")]) from (
                error
            )

    try:
        serve()
    except ExceptionGroup:
        logging.getLogger("a").exception("failed")
    (line,) = lines(heard)
    traceback = str(line["traceback"])
    assert READER not in heard.getvalue()
    assert traceback.index("KeyError") < traceback.index("ExceptionGroup")
    assert "in read" in traceback
    assert "ValueError" in traceback
    assert "OSError: No space left" in traceback


def test_text_names_the_request_at_the_end() -> None:
    record = logging.LogRecord("a", logging.INFO, "", 0, "something %s", ("odd",), None)
    assert logs.TextFormatter().format(record) == "something odd"
    token = logs.of_request.set({"request_id": "r1"})
    assert logs.TextFormatter().format(record) == "something odd [r1]"
    logs.of_request.reset(token)


@pytest.mark.parametrize(
    ("status", "seconds", "encoding", "told"),
    [
        (200, 0.9, 0.0, False),
        (200, 1.1, 0.0, True),
        (200, 9.0, 8.5, False),  # it waited for the encoder, for as long as its client allowed
        (404, 0.1, 0.0, False),
        (500, 0.1, 0.0, True),
        (503, 0.1, 0.0, True),
        (0, 0.1, 0.0, True),  # nothing was answered
    ],
)
def test_a_request_that_failed_or_was_slow_is_told(
    heard: StringIO, status: int, seconds: float, encoding: float, told: bool
) -> None:
    stages = Stages()
    stages.milliseconds["encode"] = 1000 * encoding
    AccessLog().tell("POST", "/v1/events", status, seconds, stages)
    assert len(lines(heard)) == told


def test_a_crowd_of_failures_is_summed_up(heard: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.1] * 25 + [1.2])
    monkeypatch.setattr(access_log.time, "monotonic", lambda: next(moments))
    log = AccessLog()
    for _ in range(26):
        log.tell("POST", "/v1/events", 503, 0.1, Stages())
    said = [line["message"] for line in lines(heard)]
    assert len(said) == 10 + 1 + 1
    assert said[10] == "15 more requests failed or were slow"
