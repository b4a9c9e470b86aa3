"""JSON lines: one article a line, with the service's own field names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from service.importing.errors import UnsoundRecord
from service.importing.records import Fields, Record
from service.importing.sources.lines import Line, read_lines


@dataclass(frozen=True)
class JsonLines:
    """The articles of one file."""

    path: Path

    def records(self) -> Iterator[Record]:
        """One record a line; blank lines are none."""
        for line in read_lines(self.path):
            yield Record.of(line.place, line.share, _fields, line)


def _fields(line: Line) -> Fields:
    try:
        fields = orjson.loads(line.text())
    except orjson.JSONDecodeError as error:
        raise UnsoundRecord(f"is not JSON: {error.msg} at character {error.pos}") from error
    if not isinstance(fields, dict):
        raise UnsoundRecord("is not a JSON object")
    return fields
