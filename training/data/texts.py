"""Texts from files: the news that centring takes its mean from."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from model_store.text import render
from training.data import mind
from training.errors import BadTemplate, UnreadableData

Item = TypeVar("Item")
Article = Mapping[str, str | None]
"""An article's fields, as a text template names them."""


def check_template(template: str) -> None:
    """Raises BadTemplate for a template that no article can be rendered by."""
    try:
        render(template, {"title": "A title"})
    except ValueError as error:
        raise BadTemplate(f"{template!r} cannot be used: {error}") from error


def read_texts(path: Path, template: str) -> list[str]:
    """The texts of one source under ``template``, without those that come out empty.

    A folder in MIND's format gives the news that its log shows or counts as read, each once;
    ``.tsv`` is a MIND ``news.tsv``; ``.jsonl`` and ``.ndjson`` hold objects with a ``title``;
    anything else holds one title a line. Raises UnreadableData, also if no text is left.
    """
    texts = [render(template, article) for article in _reader(path)(path)]
    if not any(texts):
        raise UnreadableData(f"{path} holds no texts")
    return [text for text in texts if text]


def evenly(items: Sequence[Item], at_most: int) -> list[Item]:
    """``at_most`` of the items, evenly spaced over all of them and in order."""
    if len(items) <= at_most:
        return list(items)
    return [items[position * len(items) // at_most] for position in range(at_most)]


def _reader(path: Path) -> Callable[[Path], Iterator[Article]]:
    if path.is_dir():
        return _of_log
    return _READERS.get(path.suffix, _of_lines)


def _of_log(folder: Path) -> Iterator[Article]:
    news = mind.read_news(folder / mind.NEWS)
    return news.fields(mind.read_impressions(folder / mind.BEHAVIOURS, news).seen())


def _of_news(path: Path) -> Iterator[Article]:
    return mind.read_news(path).fields()


def _of_json_lines(path: Path) -> Iterator[Article]:
    for line, text in enumerate(_lines(path), start=1):
        if not text.strip():
            continue
        try:
            article = json.loads(text)
        except json.JSONDecodeError as error:
            raise UnreadableData(f"{path}:{line}: expected a JSON object: {error.msg}") from error
        if not isinstance(article, dict) or not isinstance(article.get("title"), str):
            raise UnreadableData(f"{path}:{line}: expected a JSON object with a title")
        yield {key: value for key, value in article.items() if isinstance(value, str)}


def _of_lines(path: Path) -> Iterator[Article]:
    return ({"title": line} for line in _lines(path) if line.strip())


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except OSError as error:
        raise UnreadableData(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableData(f"{path} is not UTF-8 text") from error


_READERS: Final[Mapping[str, Callable[[Path], Iterator[Article]]]] = {
    ".tsv": _of_news,
    ".jsonl": _of_json_lines,
    ".ndjson": _of_json_lines,
}
