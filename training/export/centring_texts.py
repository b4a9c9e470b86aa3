"""The news that a centre is the mean of: all that files hold, and so many of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from model_store.inputs import NewsInputs
from training.data.texts import evenly, read_texts
from training.errors import UnreadableData

ENOUGH_TEXTS: Final = 20_000
"""So many are enough for a mean; of more, as many are taken evenly."""
FEWEST_TEXTS: Final = 20


def read_sources(paths: Sequence[Path], template: str) -> dict[str, list[str]]:
    """The texts of each file or folder, by its name and its folder's. Raises UnreadableData."""
    return {"/".join(path.resolve().parts[-2:]): read_texts(path, template) for path in paths}


def chosen(sources: Mapping[str, Sequence[str]], limit: int = ENOUGH_TEXTS) -> list[NewsInputs]:
    """At most so many of all the texts. Raises UnreadableData for too few to be a mean of."""
    texts = [text for of_source in sources.values() for text in of_source]
    if (different := len(set(texts))) < FEWEST_TEXTS:
        raise UnreadableData(
            f"centring needs at least {FEWEST_TEXTS} different texts; {', '.join(sources)} holds "
            f"{different}"
        )
    return [NewsInputs(text) for text in evenly(texts, limit)]
