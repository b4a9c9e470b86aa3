"""Cursors: where a list goes on. Signed, good for ten minutes, and nothing is stored.

A cursor holds what the pages before it showed and the moment of the first one. A later page is
made like the first, without what was shown and without what came since, so that news that keeps
arriving neither repeats an article nor skips one.
"""

import base64
import binascii
import hashlib
import hmac
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from service.domain.fields import ArticleId
from service.domain.recommendation import MOST_CHARACTERS, RecommendRequest
from service.errors import ExpiredCursor, ForgedCursor

LIFE_SECONDS: Final = 600
MOST_SHOWN: Final = 5_000
"""A list is no longer than this."""
SIGNATURE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Cursor:
    """``moment``: when the first page was made, in seconds since 1970."""

    moment: float
    shown: tuple[ArticleId, ...]


def fingerprint(request: RecommendRequest) -> str:
    """What must be the same on every page: reader, scenario and filters."""
    filters = None if request.filters is None else request.filters.model_dump_json()
    text = orjson.dumps([request.user_id, request.scenario, filters])
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def write_cursor(
    moment: float, shown: Sequence[ArticleId], key: bytes, of_request: str, now: float
) -> str | None:
    """The cursor of the page after those that showed ``shown``; None if the list ends here."""
    if len(shown) > MOST_SHOWN:
        return None
    fields = [now + LIFE_SECONDS, of_request, moment, "\n".join(shown)]
    payload = zlib.compress(orjson.dumps(fields), 1)
    text = base64.urlsafe_b64encode(_signature(payload, key) + payload).rstrip(b"=").decode()
    return text if len(text) <= MOST_CHARACTERS else None


def read_cursor(text: str, key: bytes, of_request: str, now: float) -> Cursor:
    """The cursor. Raises ForgedCursor for one that was not made here or belongs to another
    request, and ExpiredCursor after ten minutes.
    """
    try:
        signed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise ForgedCursor("the cursor is not one of this service") from error
    signature, payload = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(payload, key)):
        raise ForgedCursor("the cursor is not one of this service")
    expires, made_for, moment, shown = orjson.loads(zlib.decompress(payload))
    if made_for != of_request:
        raise ForgedCursor("the cursor belongs to another reader, scenario or set of filters")
    if now > expires:
        raise ExpiredCursor("the cursor is older than ten minutes; ask for the first page")
    return Cursor(moment, tuple(map(ArticleId, shown.split("\n"))))


def _signature(payload: bytes, key: bytes) -> bytes:
    return hmac.digest(key, payload, "sha256")[:SIGNATURE_BYTES]
