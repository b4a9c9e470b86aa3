"""Batches: items that stand or fall each by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ValidationError

from service.api.problems import Problem, invalid, problem
from service.api.strict_json import JSON, NDJSON, parse
from service.domain.fields import Message
from service.errors import FieldError, Invalid, Malformed, NewsstandError, TooLarge

MAX_ITEMS: Final = 1_000
NAME_CHARACTERS: Final = 300
Model = TypeVar("Model", bound=BaseModel)
Accepted = TypeVar("Accepted", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that was not accepted, why, and what it called itself."""

    error: NewsstandError
    article_id: str | None = None


class RejectedItem(Message):
    """What is wrong with the item at ``index``, and the ``article_id`` that it gave, if any."""

    index: int
    article_id: str | None = None
    status: Literal["rejected"]
    error: Problem


class BatchAnswer(Message, Generic[Accepted]):
    """A result for each item, in order. ``accepted`` counts all but the rejected."""

    accepted: int
    rejected: int
    results: list[Accepted | RejectedItem]

    @classmethod
    def of(cls, results: list[Accepted | RejectedItem]) -> Self:
        """The results, counted."""
        refused = sum(isinstance(result, RejectedItem) for result in results)
        return cls(accepted=len(results) - refused, rejected=refused, results=results)


def parse_items(media_type: str, body: bytes, model: type[Model]) -> list[Model | Refused]:
    """Each item of a JSON array or of newline-delimited JSON, or what is wrong with it.

    Raises Malformed or Invalid where there is no batch to be read, TooLarge for too many items.
    """
    if media_type == NDJSON:
        lines = [line for line in body.splitlines() if line.strip()]
        _bounded(lines)
        return [_validated_line(model, line) for line in lines]
    items = parse(body)
    if not isinstance(items, list):
        raise Invalid("the body is not a JSON array", (FieldError("body", "", "is no array"),))
    _bounded(items)
    return [_validated(model, item) for item in items]


def rejected(index: int, refused: Refused) -> RejectedItem:
    """The result of an item that was not accepted."""
    return RejectedItem(
        index=index,
        article_id=refused.article_id,
        status="rejected",
        error=problem(refused.error),
    )


def request_body(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI description of a batch of ``model``, whose schema is among ``openapi.ITEMS``."""
    items = {"$ref": f"#/components/schemas/{model.__name__}"}
    batch = {"type": "array", "maxItems": MAX_ITEMS, "items": items}
    lines = {**batch, "description": "One JSON object a line"}
    content = {JSON: {"schema": batch}, NDJSON: {"schema": lines}}
    return {"requestBody": {"required": True, "content": content}}


def _validated_line(model: type[Model], line: bytes) -> Model | Refused:
    try:
        item = parse(line)
    except Malformed as error:
        return Refused(error)
    return _validated(model, item)


def _validated(model: type[Model], item: Any) -> Model | Refused:
    try:
        return model.model_validate(item)
    except ValidationError as error:
        return Refused(invalid(error.errors(include_url=False), "body"), _name(item))


def _name(item: Any) -> str | None:
    """What the item calls itself, so that a caller finds it again."""
    name = item.get("article_id") if isinstance(item, dict) else None
    return name[:NAME_CHARACTERS] if isinstance(name, str) else None


def _bounded(items: Sequence[Any]) -> None:
    if len(items) > MAX_ITEMS:
        raise TooLarge(f"a batch has at most {MAX_ITEMS} items, this one {len(items)}")
