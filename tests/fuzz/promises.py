"""What Schemathesis is told that the OpenAPI document cannot say: see schemathesis.toml."""

import json
from typing import Any

import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.hooks import HookContext
from schemathesis.transport import SerializationContext

from model_store.store import DEFAULT_ARTEFACT
from tests.shipped import REFERENCE

BATCHES = {"post_articles", "post_events"}
THERE_IS = {
    ("RecommendRequest", "scenario"): {"enum": ["default", "model"]},
    ("RecommendRequest", "cursor"): {"type": "null"},
    ("WantedModel", "model"): {"enum": [DEFAULT_ARTEFACT, REFERENCE]},
}
"""Of all names that are well-formed, those that this service knows. A cursor comes from an answer
alone: that pages hold together is for ``test_newsstand.py``.
"""


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Ask for what there is."""
    for (schema, name), values in THERE_IS.items():
        raw_schema["components"]["schemas"][schema]["properties"][name] = values


@schemathesis.serializer("application/x-ndjson")
def ndjson(context: SerializationContext, items: Any) -> dict[str, Any]:
    """One item a line. What is no list is sent as one line."""
    lines = items if isinstance(items, list) else [items]
    return {"data": b"\n".join(json.dumps(line).encode() for line in lines)}


@schemathesis.check
def bad_items_are_rejected(context: CheckContext, response: Response, case: Case) -> None:
    """A batch that is not as the schema says is refused whole, or an item of it is rejected."""
    if case.operation.definition.raw.get("operationId") not in BATCHES or case.meta is None:
        return
    body = case.meta.components.get(schemathesis.core.parameters.ParameterLocation.BODY)
    if body is not None and body.mode.is_negative and response.status_code == 200:
        assert response.json()["rejected"] > 0, "an item that is not as the schema says"
