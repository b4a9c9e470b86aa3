"""Logs: text on a terminal, else JSON lines. No reader's id, no article's text, no key.

What is logged on behalf of a request bears its id, and its trace's where there is one. A traceback
says where and what kind of error it was, not its message: that may quote what somebody sent.
"""

import logging
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Literal

import orjson
from rich.console import Console
from rich.logging import RichHandler

of_request: ContextVar[Mapping[str, str]] = ContextVar(
    "of_request", default=MappingProxyType[str, str]({})
)
"""``request_id``, and ``trace_id`` where the request is traced."""
FIELDS: Final = "fields"


def fields(**named: object) -> Mapping[str, Mapping[str, object]]:
    """The ``extra`` of a record whose JSON is to have these fields, too."""
    return {FIELDS: named}


class Discreet(logging.Formatter):
    """Tracebacks without the messages of their errors."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        """The frames of the error and of those that led to it, each error by its type."""
        return "".join(_without_messages(ei[1])).rstrip()


class JsonFormatter(Discreet):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's time, level, logger, message, what it is on behalf of, its fields, and
        traceback if there is one.
        """
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **of_request.get(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(said, default=str).decode()


class TextFormatter(Discreet):
    """The message, and the request that it is on behalf of."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """One line."""
        request_id = of_request.get().get("request_id")
        return record.message if request_id is None else f"{record.message} [{request_id}]"


def configure(form: Literal["auto", "text", "json"]) -> None:
    """Send all logs to standard error."""
    as_text = sys.stderr.isatty() if form == "auto" else form == "text"
    handler: logging.Handler
    if as_text:
        handler = RichHandler(console=Console(stderr=True), show_path=False)
        handler.setFormatter(TextFormatter())
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonFormatter())
    for chatty in ("faiss.loader", "uvicorn.error", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)  # what is lost, not each try
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _without_messages(error: BaseException) -> list[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    led = [] if before is None else [*_without_messages(before), "led to\n"]
    held = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    inner = [line for one in held for line in _without_messages(one)]
    return [*led, *traceback.format_tb(error.__traceback__), f"{_kind(error)}\n", *inner]


def _kind(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    said = error.strerror if isinstance(error, OSError) else None  # the system's words alone
    return f"{kind}: {said}" if said else kind
