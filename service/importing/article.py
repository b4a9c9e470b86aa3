"""From a source's fields to an article that the service takes: id, time, language."""

import hashlib
import re
from datetime import datetime
from typing import Any, Final

from service.domain.fields import ID_PATTERN
from service.importing.errors import UnsoundRecord
from service.importing.moments import minutes_before
from service.importing.records import Fields

_ID: Final = re.compile(ID_PATTERN)
AGE: Final = "published_at_minutes_ago"
"""A field of JSON lines and tables that stands for ``published_at``."""


def complete(fields: Fields, *, language: str | None, now: datetime) -> Fields:
    """The article made of a source's ``fields``, without what is empty.

    ``id`` may stand for ``article_id``; an id that the service would not take is hashed, and kept
    in ``attributes.original_id``. ``published_at_minutes_ago`` becomes ``published_at``.
    ``language`` is for articles that state none. All else is left for the service to judge.

    Raises UnsoundRecord where there is no id, or the age is not a number of minutes.
    """
    article = {name: value for name, value in fields.items() if value not in ("", None, [], {})}
    _date(article, now)
    if language is not None:
        article.setdefault("language", language)
    original = _take_id(article)
    article_id = service_id(original)
    if article_id != original:
        _remember(article, original)
    return {"article_id": article_id, **article}


def service_id(original: str) -> str:
    """``original`` if the service takes it as an id, else ``h-`` and 32 digits of its SHA-256."""
    if _ID.fullmatch(original) and original not in {".", ".."}:
        return original
    digest = hashlib.sha256(original.encode("utf-8", "surrogatepass"))
    return "h-" + digest.hexdigest()[:32]


def _take_id(article: Fields) -> str:
    name = "article_id" if "article_id" in article else "id"
    original = article.pop(name, None)
    if isinstance(original, int) and not isinstance(original, bool):
        original = str(original)
    if original is None:
        raise UnsoundRecord("has no article_id")
    if not isinstance(original, str):
        raise UnsoundRecord(f"{name} is neither a string nor a whole number")
    return original


def _date(article: Fields, now: datetime) -> None:
    if AGE not in article:
        return
    if "published_at" in article:
        raise UnsoundRecord(f"has both published_at and {AGE}")
    try:
        article["published_at"] = minutes_before(now, _minutes(article.pop(AGE)))
    except (OverflowError, ValueError) as error:
        raise UnsoundRecord(f"{AGE} leads out of the calendar") from error


def _minutes(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,15}", value, re.ASCII):
        return int(value)
    raise UnsoundRecord(f"{AGE} is not a whole number")


def _remember(article: Fields, original: str) -> None:
    attributes = article.get("attributes", {})
    if isinstance(attributes, dict):  # if it is not, the service says so
        article["attributes"] = {**attributes, "original_id": original}
