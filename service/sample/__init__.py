"""The sample news, and readers who have read some of it: fiction, for a first look."""

import json
from importlib import resources
from typing import Any

Record = dict[str, Any]


def sample(name: str) -> list[Record]:
    """The records of ``articles`` or ``readers``, as README.md tells of them."""
    lines = resources.files(__name__).joinpath(f"{name}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in lines.splitlines()]
