"""HTML to plain text: what a reader would see, without tags, scripts and styles."""

import re
from html.parser import HTMLParser
from typing import Final

UNSEEN: Final = frozenset({"script", "style", "template", "noscript"})
BLOCK: Final = re.compile(
    "address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|"
    "li|main|nav|ol|p|pre|section|table|td|th|tr|ul"
)
MARKED_SECTION: Final = re.compile(r"<!\[[^>]*>?")
"""Conditional comments and CDATA: nothing to see, and the parser trips over malformed ones."""


def plain_text(html: str) -> str:
    """The text of ``html``, one line a block, entities decoded, runs of white space one blank."""
    parser = _Text()
    parser.feed(MARKED_SECTION.sub("", html))
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unseen is None and tag in UNSEEN:
            self._unseen = tag
        self._break_at(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = None
        self._break_at(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break_at(tag)

    def handle_data(self, data: str) -> None:
        if self._unseen is None:
            self.pieces.append(data.replace("\n", " "))

    def _break_at(self, tag: str) -> None:
        if BLOCK.fullmatch(tag):
            self.pieces.append("\n")
