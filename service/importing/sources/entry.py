"""One entry of a feed as an article's fields."""

import re
from datetime import UTC, datetime
from typing import Any, Final

from service.importing.moments import rfc3339
from service.importing.records import Fields
from service.importing.sources.plain_text import plain_text

LONGEST_ABSTRACT: Final = 10_000
"""Characters; a longer summary is the article's body."""
PICTURE: Final = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:\?|$)", re.IGNORECASE)
WEB: Final = re.compile(r"https?://\S+", re.IGNORECASE)
LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?")


def article_of(entry: Any, feed: Any, place: str) -> Fields:
    """The fields of feedparser's ``entry`` in ``feed``, which came from ``place``.

    The id is the entry's own, else its link, else the feed's place with the entry's title. Of the
    language the part before the hyphen counts (``en-us`` is ``en``), of the tags the first.
    """
    title = " ".join(_text(entry.get("title_detail")).split())
    link = entry.get("link", "")
    abstract, body = _texts(entry)
    return {
        "article_id": entry.get("id") or link or f"{place}#{title}",
        "title": title,
        "abstract": abstract,
        "body": body,
        "category": next((t for tag in entry.get("tags", ()) if (t := _label(tag.term))), ""),
        "language": _language(entry, feed),
        "source": _label(feed.get("title")),
        "author": _label(entry.get("author")),
        "url": _web(link),
        "image_url": next((u for u in _pictures(entry) if u), ""),
        "published_at": _published(entry),
    }


def _texts(entry: Any) -> tuple[str, str]:
    """Abstract and body; feedparser gives the content as the summary too where there is none."""
    body = next((_text(content) for content in entry.get("content", ())), "")
    summary = _text(entry.get("summary_detail") or {"value": entry.get("summary")})
    if len(summary) > LONGEST_ABSTRACT:
        return "", body or summary
    return ("" if summary == body else summary), body


def _text(detail: Any) -> str:
    """A text construct's plain text."""
    value = (detail or {}).get("value") or ""
    return value if detail and detail.get("type") == "text/plain" else plain_text(value)


def _label(text: str | None) -> str:
    return " ".join((text or "").split())


def _web(address: str | None) -> str:
    return address if address and WEB.fullmatch(address) else ""


def _language(entry: Any, feed: Any) -> str:
    stated = (entry.get("title_detail") or {}).get("language") or feed.get("language") or ""
    found = LANGUAGE.fullmatch(stated.strip())
    return found.group(1).lower() if found else ""


def _published(entry: Any) -> str:
    """Feedparser's times are UTC already; a year before 1970 stands for none."""
    stated = [entry[name] for name in ("published_parsed", "updated_parsed") if name in entry]
    parsed = next(filter(None, stated), None)
    if parsed is None or parsed.tm_year < 1970:
        return ""
    year, month, day, hour, minute, second = parsed[:6]
    return rfc3339(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


def _pictures(entry: Any) -> list[str]:
    """Addresses of pictures, the likeliest first."""
    media = entry.get("media_content", ())
    enclosures = [link for link in entry.get("links", ()) if link.get("rel") == "enclosure"]
    return [
        *(_web(found.get("url")) for found in media if _is_picture(found, found.get("url"))),
        *(_web(found.get("href")) for found in enclosures if _is_picture(found, found.get("href"))),
        *(_web(found.get("url")) for found in entry.get("media_thumbnail", ())),
    ]


def _is_picture(found: Any, address: str | None) -> bool:
    said = found.get("medium") or found.get("type")
    return said.startswith("image") if said else bool(PICTURE.search(address or ""))
