"""Our own headlines, all invented: lines of English, and some in many languages at once.

The sample news of the service are not among them: they stay unseen.
"""

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from training.corpus.passage import Passage
from training.corpus.source import Source


def read(folder: Path) -> Iterator[Passage]:
    """They stand in the package, whatever ``folder`` is."""
    here = resources.files("training.corpus").joinpath("headlines")
    for file in sorted(here.iterdir(), key=lambda item: item.name):
        name, _, ending = file.name.partition(".")
        lines = file.read_text("utf-8").splitlines() if ending in ("txt", "jsonl") else []
        if ending == "txt":
            yield from (Passage("headline", "en", line) for line in lines)
        for number, line in enumerate(lines if ending == "jsonl" else []):
            for language, text in json.loads(line).items():
                yield Passage("headline", language, text, f"{name}:{number}")


SOURCE = Source("headlines", None, "Newsstand's own headlines, all invented", "Apache-2.0", read)
