"""Batches: items that stand or fall each by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from service.api.problems import invalid, problem
from service.api.strict_json import NDJSON, parse
from service.domain.fields import Message
from service.errors import FieldError, Invalid, Malformed, NewsstandError, TooLarge

MAX_ITEMS: Final = 1_000
NAME_CHARACTERS: Final = 300
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that was not accepted, why, and what it called itself."""

    error: NewsstandError
    named: dict[str, str] = field(default_factory=dict)


class BatchAnswer(Message):
    """A result for each item, in order. ``accepted`` counts all but the rejected."""

    accepted: int
    rejected: int
    results: list[dict[str, Any]]


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


def answer(results: list[dict[str, Any]]) -> BatchAnswer:
    """The results, counted."""
    refused = sum(result["status"] == "rejected" for result in results)
    return BatchAnswer(accepted=len(results) - refused, rejected=refused, results=results)


def rejected(index: int, refused: Refused) -> dict[str, Any]:
    """The result of an item that was not accepted."""
    return {
        "index": index,
        **refused.named,
        "status": "rejected",
        "error": problem(refused.error),
    }


def request_body(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI description of a batch of ``model``."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "array", "maxItems": MAX_ITEMS, "items": schema}
                },
                NDJSON: {"schema": {"type": "string", "description": "one item a line"}},
            },
        }
    }


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
        return Refused(invalid(error.errors(include_url=False), "body"), _names(item))


def _names(item: Any) -> dict[str, str]:
    """What the item calls itself, so that a caller finds it again."""
    name = item.get("article_id") if isinstance(item, dict) else None
    return {"article_id": name[:NAME_CHARACTERS]} if isinstance(name, str) else {}


def _bounded(items: Sequence[Any]) -> None:
    if len(items) > MAX_ITEMS:
        raise TooLarge(f"a batch has at most {MAX_ITEMS} items, this one {len(items)}")
