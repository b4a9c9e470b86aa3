"""The names and keywords that Unicode's CLDR gives emoji: thousands of things in every language."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from training.corpus.passage import Passage
from training.corpus.source import Source, document_of
from training.corpus.sources.ntrex import LANGUAGES as WANTED
from training.errors import UnreadableData

NAMES: Final[Mapping[str, str]] = {"nb": "no"}
"""Where CLDR calls a language otherwise."""
SKIN_TONES: Final = "🏻🏼🏽🏾🏿"
SHORTEST: Final = 4


def read(folder: Path) -> Iterator[Passage]:
    """``name: keywords`` of every emoji, but for variants by skin tone."""
    for language in WANTED.values():
        found = sorted(folder.rglob(f"{NAMES.get(language, language)}/annotations.json"))
        if not found:
            raise UnreadableData(f"{folder} has no annotations.json for {language}")
        for path in found:
            for sign, names in _annotations(path):
                text = _text(names)
                if len(text) >= SHORTEST and not any(tone in sign for tone in SKIN_TONES):
                    yield Passage("keywords", language, text, f"cldr:{sign}")


def _annotations(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        for part in document_of(path).values():
            yield from part["annotations"].items()
    except (AttributeError, KeyError, TypeError) as error:
        raise UnreadableData(f"{path} holds no annotations") from error


def _text(names: Mapping[str, Any]) -> str:
    name = (names.get("tts") or [""])[0]
    keywords = [word for word in names.get("default", ()) if word != name]
    return f"{name}: {', '.join(keywords)}" if keywords else name


SOURCE = Source("cldr", "cldr-annotations", "Unicode CLDR annotations", "Unicode-3.0", read)
