"""LibreOffice's help: sentences on everyday office work, by paragraph in many languages."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.corpus.passage import Passage
from training.corpus.source import Source, text_of
from training.errors import UnreadableData

LANGUAGES: Final = {
    "en-us": "en", "ca": "ca", "da": "da", "de": "de", "es": "es", "fr": "fr", "hi": "hi",
    "id": "id", "it": "it", "ja": "ja", "nl": "nl", "pt": "pt", "ru": "ru", "sv": "sv",
    "tr": "tr", "vi": "vi", "zh-cn": "zh",
}  # fmt: skip
"""The packages' names of the languages, English first: what is not translated is English."""
PARAGRAPH: Final = re.compile(r'<(p|h[1-6]) id="((?:par|hd)_id\w+)"[^>]*>(.*?)</\1>', re.DOTALL)
HIDDEN: Final = re.compile(r"<span hidden[^>]*>.*?</span>", re.DOTALL)
TAG: Final = re.compile("<[^>]+>")
SHORTEST, LONGEST = 25, 200


def read(folder: Path) -> Iterator[Passage]:
    """The paragraphs of every language that differ from the English ones."""
    english: dict[str, str] = {}
    for name, language in LANGUAGES.items():
        pages = sorted((folder / name).rglob("*.html"))
        if not pages:
            raise UnreadableData(f"{folder / name} has no pages of help")
        for key, text in _paragraphs(folder / name, pages):
            if language == "en":
                english[key] = text
            elif english.get(key, text) == text:
                continue
            yield Passage("help", language, text, f"libreoffice:{key}")


def _paragraphs(folder: Path, pages: list[Path]) -> Iterator[tuple[str, str]]:
    for page in pages:
        place = page.relative_to(folder).as_posix().removeprefix("text/")
        for match in PARAGRAPH.finditer(text_of(page)):
            text = html.unescape(TAG.sub("", HIDDEN.sub("", match[3])))
            text = " ".join(text.split())
            if SHORTEST < len(text) < LONGEST:
                yield f"{place}:{match[2]}", text


SOURCE = Source(
    "libreoffice_help",
    "libreoffice-help",
    "LibreOffice Help (The Document Foundation)",
    "MPL-2.0",
    read,
)
