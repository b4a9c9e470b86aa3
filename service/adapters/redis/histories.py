"""What a reader's keys hold, from bytes to values and back.

A history: 8 bytes of version, 2 of count, 6 for each click's timestamp (ms), then the article ids,
one a line; big-endian, the oldest click first.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Final

from service.domain.fields import ArticleId
from service.domain.reader import Mark, MarkType

VERSION_BYTES: Final = 8
MODEL_BYTES: Final = 8
HEAD_BYTES: Final = VERSION_BYTES + 2
CLICK_BYTES: Final = 6
SHOWN_TIMES: Final = 128
MARK_TYPES: Final[dict[str, MarkType]] = {"c": "click", "l": "like", "d": "dislike", "h": "hide"}
MARK_LETTERS: Final = {mark_type: letter for letter, mark_type in MARK_TYPES.items()}


def stamped(version: int) -> bytes:
    """A version as it stands before a history and its vector."""
    return version.to_bytes(VERSION_BYTES, "big")


def version_of(value: bytes) -> int:
    """The version that the value begins with."""
    return int.from_bytes(value[:VERSION_BYTES], "big")


def unpacked(history: bytes) -> tuple[tuple[ArticleId, ...], tuple[int, ...]]:
    """The clicked articles and when they were clicked (ms since 1970)."""
    (count,) = struct.unpack_from(">H", history, VERSION_BYTES)
    halves = struct.unpack_from(">" + "HI" * count, history, HEAD_BYTES)
    timestamps = tuple(
        (high << 32) + low for high, low in zip(halves[::2], halves[1::2], strict=True)
    )
    articles = history[HEAD_BYTES + CLICK_BYTES * count :].decode().split("\n")
    return tuple(map(ArticleId, articles)), timestamps


def packed(version: int, clicked: Sequence[str], clicked_ms: Sequence[int]) -> bytes:
    """The history that ``version_of`` and ``unpacked`` read."""
    timestamps = b"".join(moment.to_bytes(CLICK_BYTES, "big") for moment in clicked_ms)
    head = stamped(version) + struct.pack(">H", len(clicked))
    return head + timestamps + "\n".join(clicked).encode()


def marks(values: Sequence[bytes]) -> Iterator[Mark]:
    """The marks in a sorted set's members and scores."""
    for member, score in zip(values[::2], values[1::2], strict=True):
        text = member.decode()
        yield Mark(MARK_TYPES[text[0]], ArticleId(text[1:]), int(float(score)))


def mark_member(mark_type: MarkType, article_id: str) -> str:
    """The mark as a sorted set's member; its score is its timestamp."""
    return MARK_LETTERS[mark_type] + article_id


def shown(values: Sequence[bytes]) -> Iterator[tuple[ArticleId, int, int]]:
    """What was shown: article, minute since 1970, how often."""
    for member, score in zip(values[::2], values[1::2], strict=True):
        minute, times = divmod(int(float(score)), SHOWN_TIMES)
        yield ArticleId(member.decode()), minute, times


def shown_score(minute: int, times: int) -> int:
    """The score of what was shown ``times`` times, last in ``minute``."""
    return minute * SHOWN_TIMES + times
