"""JSON of the caller's own, which is stored and answered as it came: bounded, so that it can be."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, JsonValue

MOST_LEVELS: Final = 16
MOST_VALUES: Final = 10_000
MOST_CHARACTERS: Final = 200_000
BOUNDS: Final = (
    f"JSON of the caller's own: at most {MOST_LEVELS} levels deep, {MOST_VALUES:,} values and "
    f"{MOST_CHARACTERS:,} characters in all"
)


def _bounded(value: Any) -> Any:
    """The value, looked through level by level."""
    values = characters = 0
    level: list[Any] = [value]
    for _ in range(MOST_LEVELS):
        values += len(level)
        characters += sum(len(each) for each in level if isinstance(each, str))
        if values > MOST_VALUES or characters > MOST_CHARACTERS:
            most = f"{MOST_VALUES:,} values and {MOST_CHARACTERS:,} characters"
            raise ValueError(f"has at most {most} in all")
        level = list(chain.from_iterable(map(_inside, level)))
        if not level:
            return value
    raise ValueError(f"is nested at most {MOST_LEVELS} levels deep")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return _names_and_values(value)
    return value if isinstance(value, list) else ()


def _names_and_values(value: dict[str, Any]) -> Iterator[Any]:
    yield from value
    yield from value.values()


Entities = Annotated[
    list[dict[str, JsonValue]],
    Field(max_length=200, fail_fast=True, description=BOUNDS),
    BeforeValidator(_bounded),
]
Attributes = Annotated[
    dict[str, JsonValue], Field(max_length=100, description=BOUNDS), BeforeValidator(_bounded)
]
