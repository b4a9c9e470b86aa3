"""Which format a source has, and the reader for it."""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from service.importing.addresses import web_address, without_password
from service.importing.errors import BadColumns, NotFetched, UnknownFormat, Unreadable
from service.importing.records import Source
from service.importing.sources import mind
from service.importing.sources.document import read_document
from service.importing.sources.feed import Feed
from service.importing.sources.fetch import Fetch
from service.importing.sources.json_lines import JsonLines
from service.importing.sources.lines import BYTE_ORDER_MARK, unreadable
from service.importing.sources.table import Table


class SourceFormat(StrEnum):
    """What ``newsstand import`` reads."""

    MIND = "mind"
    JSONL = "jsonl"
    CSV = "csv"
    FEED = "feed"


BY_NAME: Final = {
    ".jsonl": SourceFormat.JSONL,
    ".ndjson": SourceFormat.JSONL,
    ".csv": SourceFormat.CSV,
    ".rss": SourceFormat.FEED,
    ".atom": SourceFormat.FEED,
    ".xml": SourceFormat.FEED,
}
CHOICES: Final = ", ".join(SourceFormat)


def is_address(source: str) -> bool:
    """Whether ``source`` is the address of a feed, and not a file."""
    return "://" in source


def shown_name(source: str) -> str:
    """What to call ``source`` on a screen: the file's name, or the address without a password."""
    return _shown_address(source) if is_address(source) else Path(source).name


def detect(source: str) -> SourceFormat:
    """The format by the name, else by the first line. Raises UnknownFormat and Unreadable."""
    if is_address(source):
        return SourceFormat.FEED
    path = Path(source)
    first = _first_line(path)
    return BY_NAME.get(path.suffix.lower()) or _by_content(first, path)


def open_source(
    source: str,
    source_format: SourceFormat,
    *,
    columns: Mapping[str, str],
    allow_private: bool,
) -> Source:
    """The reader of ``source``; it reads when its records are asked for.

    Raises BadColumns where ``columns`` are mapped but the source has none, and UnknownFormat for
    an address that is to be read as anything but a feed.
    """
    if columns and source_format is not SourceFormat.CSV:
        raise BadColumns(f"only CSV has columns to map, and the source is read as {source_format}")
    if is_address(source):
        if source_format is not SourceFormat.FEED:
            raise UnknownFormat("only feeds are read from an address: download the file first")
        return Feed(Fetch(source, allow_private))
    path = Path(source)
    match source_format:
        case SourceFormat.MIND:
            return mind.Mind(path)
        case SourceFormat.JSONL:
            return JsonLines(path)
        case SourceFormat.CSV:
            return Table(path, columns)
        case SourceFormat.FEED:
            return Feed(partial(read_document, path))


def default_language(source_format: SourceFormat) -> str | None:
    """The language of articles that do not state one, where the format tells."""
    return mind.LANGUAGE if source_format is SourceFormat.MIND else None


def _shown_address(source: str) -> str:
    try:
        return without_password(web_address(source))
    except ValueError as error:
        raise NotFetched(str(error)) from error


def _first_line(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise Unreadable(f"{path} is not a file")
    try:
        with path.open("rb") as file:
            return file.readline(64 * 1024).removeprefix(BYTE_ORDER_MARK)
    except OSError as error:
        raise unreadable(path, error) from error


def _by_content(line: bytes, path: Path) -> SourceFormat:
    columns = {column.strip() for column in line.split(b"\t")}
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnknownFormat(f"{path} is UTF-16; only UTF-8 is read")
    if line.lstrip().startswith(b"["):
        raise UnknownFormat(f"{path} is one JSON array; write one object a line (jq -c '.[]')")
    if line.lstrip().startswith(b"{"):
        return SourceFormat.JSONL
    if line.lstrip().startswith(b"<"):
        return SourceFormat.FEED
    if line.count(b"\t") == mind.COLUMNS - 1 and b"title" not in columns:
        return SourceFormat.MIND
    if path.suffix.lower() == ".tsv":
        return SourceFormat.CSV
    raise UnknownFormat(f"it is not clear what {path} holds: give its format ({CHOICES})")
