"""Metrics as Prometheus reads them, and the table of them in the documentation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

TABLE = Path(__file__).parents[1] / "docs" / "observability.md"
ROW = re.compile(r"^\| `(newsstand_\w+)` \| (counter|gauge|histogram) \|\s*(.*?)\s*\| (.*) \|$")
SUFFIXES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


@dataclass(frozen=True)
class Described:
    """A metric, by the name that stands in the table: a counter's ends in ``_total``."""

    name: str
    kind: str
    labels: frozenset[str]
    said: str = field(default="", compare=False)

    @property
    def series(self) -> set[str]:
        """The names of its time series."""
        return {self.name + suffix for suffix in SUFFIXES[self.kind]}


def table() -> dict[str, Described]:
    """The documentation's."""
    rows = filter(None, map(ROW.match, TABLE.read_text("utf-8").splitlines()))
    return {
        name: Described(name, kind, frozenset(re.findall(r"`(\w+)`", labels)), said)
        for name, kind, labels, said in (row.groups() for row in rows)
    }


def exposed(text: str) -> Iterator[tuple[str, str, list[dict[str, str]]]]:
    """Each metric's name, kind, and the labels of its samples but for the buckets' bounds."""
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        samples = [
            {label: value for label, value in sample.labels.items() if label != "le"}
            for sample in family.samples
        ]
        yield name, family.type, samples
