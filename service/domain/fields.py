"""The types of fields that several messages share, checked once."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NewType

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

ArticleId = NewType("ArticleId", str)
"""The caller's own id of an article."""
UserId = NewType("UserId", str)
"""The caller's own id of a reader."""

ID_PATTERN: Final = r"^[A-Za-z0-9._~:@-]{1,256}$"
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,20})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
MOST_FIELDS: Final = 100
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
NOT_DOTS: Final[dict[str, Any]] = {"not": {"enum": [".", ".."]}}
"""What ``ID_PATTERN`` does not say of ids, in JSON schema."""
FROM_1970: Final = r"^(19[7-9]|[2-9][0-9]{2})[0-9]-"
"""What the format of a date does not say of ``Time``."""


def _no_dots(value: str) -> str:
    if value in {".", ".."}:
        raise ValueError("'.' and '..' are not ids")
    return value


def _rfc3339(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("a time is an RFC 3339 string with a zone, such as 2026-05-01T08:00:00Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time lies outside the years 1 to 9999") from error


def _after_1970(value: datetime) -> datetime:
    if value < _EARLIEST:
        raise ValueError("times before 1970 are not supported")
    return value


Id = Annotated[
    str,
    StringConstraints(pattern=ID_PATTERN, strict=True),
    AfterValidator(_no_dots),
    Field(json_schema_extra=NOT_DOTS),
]
"""A caller's id, not yet said of what."""
Time = Annotated[
    datetime,
    BeforeValidator(_rfc3339),
    AfterValidator(_after_1970),
    Field(json_schema_extra={"pattern": FROM_1970}),
]
"""A moment, in UTC."""
Language = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=100)
]
"""A BCP 47 tag such as ``de`` or ``zh-Hans``; compared as written."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A category, source or author."""
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
"""A part of a whole."""


class Message(BaseModel):
    """A value that crosses the edge: frozen, and without unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Incoming(Message):
    """A message from outside. One of a million fields is refused before each is named as wrong."""

    @model_validator(mode="before")
    @classmethod
    def _not_without_end(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(value) > MOST_FIELDS:
            raise ValueError(f"has more than {MOST_FIELDS} fields")
        return value
