"""RSS and Atom: a document's entries as articles. Nothing here fetches anything."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import feedparser
from feedparser.encodings import convert_to_utf8

from service.importing.errors import Unreadable
from service.importing.records import Problem, Record
from service.importing.sources.document import Document
from service.importing.sources.entry import article_of

CUT_OFF: Final = ("no element found", "unclosed token", "unclosed CDATA section")
"""What the XML parser says of a document that ends too early."""
FIRST_ELEMENT: Final = re.compile(rb"<\w")


@dataclass(frozen=True)
class Feed:
    """The entries of the document that ``read`` gives."""

    read: Callable[[], Document]

    def records(self) -> Iterator[Record]:
        """One record an entry, and a Problem at the end of a document that was cut off.

        Raises Unreadable for what is no feed, and what ``read`` raises.
        """
        document = self.read()
        parsed = _parsed(document)
        for number, entry in enumerate(parsed.entries, start=1):
            place = f"{document.place} entry {number}"
            share = number / len(parsed.entries)
            yield Record.of(place, share, article_of, entry, parsed.feed, document.place)
        if parsed.bozo and any(sign in str(parsed.bozo_exception) for sign in CUT_OFF):
            yield Record(document.place, Problem("ends too early: it was cut off"), 1.0)


def _parsed(document: Document) -> Any:
    _refuse_entities(document)
    headers = {"content-type": document.content_type, "content-location": document.address}
    try:
        # A stream: a text would be taken for an address or a file name, and opened.
        parsed = feedparser.parse(
            io.BytesIO(document.content),
            response_headers=headers,
            resolve_relative_uris=False,
            sanitize_html=False,  # all tags are dropped anyway
        )
    except Exception as error:
        raise Unreadable(f"{document.place} cannot be read as a feed: {error}") from error
    if not parsed.get("version") and not parsed.entries:
        raise Unreadable(f"{document.place} is neither RSS nor Atom")
    return parsed


def _refuse_entities(document: Document) -> None:
    """A feed needs no entities of its own; those that declare some are mostly meant to harm."""
    content = _as_parsed(document)
    first = FIRST_ELEMENT.search(content)
    if b"<!ENTITY" in content[: first.start() if first else None]:
        raise Unreadable(f"{document.place} declares XML entities, which a feed may not")


def _as_parsed(document: Document) -> bytes:
    """The content as the parser decodes it: another encoding could say what it does not show."""
    headers = {"content-type": document.content_type}
    try:
        decoded: bytes = convert_to_utf8(headers, document.content, {})
    except Exception as error:
        raise Unreadable(f"{document.place} cannot be read as a feed: {error}") from error
    return decoded.replace(b"\0", b"")
