"""The OpenAPI document: what the framework says of the routes, and what it cannot know.

A route declares its own problems (``declared``); those that every route of a kind has are told here
from what the document says of it: a body can be malformed, a parameter invalid, a key missing. Any
query can be too large.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from service.api.access import SECURITY_SCHEMES
from service.api.problems import MEDIA_TYPE, Problem
from service.domain.article import IdentifiedArticle
from service.domain.event import Event
from service.errors import (
    Forbidden,
    Invalid,
    Malformed,
    NewsstandError,
    RateLimited,
    TooLarge,
    TooSlow,
    Unauthenticated,
    UnsupportedMedia,
)

Json = dict[str, Any]
Refusals = tuple[type[NewsstandError], ...]

SUMMARY: Final = "An online news recommender: articles and clicks come in, ranked articles go out."
TAGS: Final = [
    {"name": "recommendations", "description": "Articles for a reader; your candidates, scored."},
    {"name": "events", "description": "What readers do: a click counts in the next request."},
    {"name": "lists", "description": "Lists that are not personal: similar, and read most now."},
    {"name": "overview", "description": "What there is to recommend: counted, and on a map."},
    {"name": "articles", "description": "Articles come in, change, and are withdrawn."},
    {"name": "users", "description": "All that is stored of a reader, and its erasure."},
    {"name": "experiments", "description": "Variants of the ranking, compared."},
    {"name": "models", "description": "The versions, the switch to another, and the way back."},
    {"name": "operations", "description": "Probes and metrics."},
]
ITEMS: Final = (IdentifiedArticle, Event)
"""What batches hold. They are parsed item by item, so that the framework does not see them."""
OF_ANY: Final[Refusals] = (TooLarge,)
OF_A_KEY: Final[Refusals] = (Unauthenticated, Forbidden, RateLimited)
OF_A_BODY: Final[Refusals] = (Malformed, TooSlow, UnsupportedMedia, Invalid)
OF_A_PARAMETER: Final[Refusals] = (Invalid,)
_REFERENCE: Final = "#/components/schemas/{model}"
_HEADERS: Final = {
    "X-Request-ID": ("The client's own id of the request, or one made up here", "string"),
    "Server-Timing": ("Milliseconds by stage, and in total", "string"),
    "Retry-After": ("Seconds after which to repeat the request", "integer"),
    "WWW-Authenticate": ("How to say who calls: `Bearer`", "string"),
}
_ALWAYS: Final = ("X-Request-ID", "Server-Timing")
_BESIDES: Final = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def declared(*refusals: type[NewsstandError]) -> dict[int | str, Json]:
    """The problems with which a route refuses, as FastAPI's ``responses``."""
    by_status = groupby(sorted(refusals, key=_status), _status)
    return {status: {"description": _said(errors)} for status, errors in by_status}


def operation_id(route: APIRoute) -> str:
    """The endpoint's own name: what generated clients call the operation."""
    return route.name


def install(app: FastAPI) -> None:
    """Let the app tell the whole truth of itself."""
    bare = app.openapi

    @cache
    def complete() -> Json:
        return _completed(bare())

    app.openapi = complete  # type: ignore[method-assign]


def _completed(document: Json) -> Json:
    components = document["components"]
    for left_out in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(left_out, None)
    modes = [(item, "validation") for item in ITEMS] + [(Problem, "serialization")]
    _, more = models_json_schema(modes, ref_template=_REFERENCE)  # type: ignore[arg-type]
    components["schemas"] |= more["$defs"]
    components["securitySchemes"] = SECURITY_SCHEMES
    components["headers"] = {name: _header(*said) for name, said in _HEADERS.items()}
    for operation in _operations(document):
        _say_all(operation)
    return document


def _operations(document: Json) -> Iterator[Json]:
    return (operation for path in document["paths"].values() for operation in path.values())


def _say_all(operation: Json) -> None:
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
    responses = operation["responses"]
    responses.pop(str(Invalid.status), None)  # the framework's own
    for status, response in declared(*_of_its_kind(operation)).items():
        responses.setdefault(str(status), response)
    operation["responses"] = dict(sorted(responses.items()))
    for status, response in responses.items():
        _say_headers(int(status), response)
        if int(status) >= HTTPStatus.BAD_REQUEST:
            problem = {"$ref": _REFERENCE.format(model=Problem.__name__)}
            response["content"] = {MEDIA_TYPE: {"schema": problem}}


def _of_its_kind(operation: Json) -> Iterator[type[NewsstandError]]:
    yield from OF_ANY
    if "security" in operation:
        yield from OF_A_KEY
    if "requestBody" in operation:
        yield from OF_A_BODY
    elif "parameters" in operation:
        yield from OF_A_PARAMETER


def _say_headers(status: int, response: Json) -> None:
    names = (*_ALWAYS, *_BESIDES.get(status, ()))
    response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header(description: str, kind: str) -> Json:
    return {"description": description, "required": True, "schema": {"type": kind}}


def _without_null(schema: Json) -> Json:
    """A parameter that may be left out; there is no way to send a null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**rest, **kinds[0]} if len(kinds) == 1 else schema


def _status(refusal: type[NewsstandError]) -> int:
    return refusal.status


def _said(refusals: Iterable[type[NewsstandError]]) -> str:
    return "; or ".join(refusal.title for refusal in refusals)
