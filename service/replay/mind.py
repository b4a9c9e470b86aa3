"""Reading MIND's folders: ``news.tsv`` and ``behaviors.tsv`` (Wu et al., ACL 2020).

A history of MIND has no click times. Its clicks are put one minute apart, the newest eight days
before the log begins: MIND's histories are older than the weeks whose impressions it holds. So old
they are their readers' taste, but not what is read now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from service.importing.errors import SourceError, UnsoundRecord
from service.importing.records import Problem
from service.importing.sources.lines import Line, read_lines
from service.importing.sources.mind import Mind
from service.replay.log import (
    Log,
    LoggedArticle,
    LoggedClick,
    LoggedImpression,
    UnreadableLog,
    newcomers,
)

NEWS: Final = "news.tsv"
BEHAVIOURS: Final = "behaviors.tsv"
COLUMNS: Final = ("impression id", "user id", "time", "history", "candidates")
TIME_FORMAT: Final = "%m/%d/%Y %I:%M:%S %p"

NEWEST_BEFORE_SECONDS: Final = 8 * 86_400.0
"""How long before the log begins the newest click of a history is put."""
APART_SECONDS: Final = 60.0

Articles = Mapping[str, LoggedArticle]


@dataclass(frozen=True, slots=True)
class _Seen:
    """One line of ``behaviors.tsv``."""

    user_id: str
    seconds: float
    history: tuple[str, ...]
    shown: tuple[str, ...]
    clicked: tuple[str, ...]


def read(folders: Sequence[Path]) -> Log:
    """The log of one or more folders; of an article that stands in several, the first one's.

    Raises UnreadableLog for a file that cannot be read, is empty, has a malformed line, or names
    an article that no ``news.tsv`` holds.
    """
    try:
        articles = _articles(folder / NEWS for folder in folders)
        seen = [line for folder in folders for line in _behaviours(folder / BEHAVIOURS, articles)]
    except SourceError as error:
        raise UnreadableLog(str(error)) from error
    return Log.of(articles, _impressions(sorted(seen, key=lambda one: one.seconds)))


def _impressions(seen: Sequence[_Seen]) -> Iterator[LoggedImpression]:
    """The impressions, where those ``seen`` are in the order of time."""
    newest = seen[0].seconds - NEWEST_BEFORE_SECONDS
    for one, is_first in zip(seen, newcomers(one.user_id for one in seen), strict=True):
        history = tuple(_history(one.history, newest)) if is_first else ()
        clicked = tuple(LoggedClick(article_id, one.seconds) for article_id in one.clicked)
        yield LoggedImpression(one.user_id, one.seconds, history, one.shown, clicked)


def _history(article_ids: Sequence[str], newest: float) -> Iterator[LoggedClick]:
    for older, article_id in zip(reversed(range(len(article_ids))), article_ids, strict=True):
        yield LoggedClick(article_id, newest - older * APART_SECONDS)


def _articles(paths: Iterable[Path]) -> dict[str, LoggedArticle]:
    articles: dict[str, LoggedArticle] = {}
    for path in paths:
        articles = _news(path) | articles
    return articles


def _news(path: Path) -> dict[str, LoggedArticle]:
    articles: dict[str, LoggedArticle] = {}
    for record in Mind(path).records():
        if isinstance(record.content, Problem):
            raise UnreadableLog(f"{record.place}: {record.content.detail}")
        content = record.content
        article = LoggedArticle(
            article_id=content["article_id"],
            title=content["title"],
            abstract=content["abstract"],
            category=content["category"],
            subcategory=content["subcategory"],
            generated=False,
        )
        if not article.article_id or not article.title:
            raise _wrong(record.place, "an article id and a title", "an empty cell")
        articles.setdefault(article.article_id, article)
    if not articles:
        raise UnreadableLog(f"{path} is empty; expected one article a line")
    return articles


def _behaviours(path: Path, known: Articles) -> Iterator[_Seen]:
    line = None
    for line in read_lines(path):
        yield _behaviour(line, known)
    if line is None:
        raise UnreadableLog(f"{path} is empty; expected lines of {', '.join(COLUMNS)}")


def _behaviour(line: Line, known: Articles) -> _Seen:
    try:
        cells = line.text().split("\t")
    except UnsoundRecord as error:
        raise UnreadableLog(f"{line.place}: {error}") from error
    if len(cells) != len(COLUMNS):
        expected = f"{len(COLUMNS)} tab-separated columns ({', '.join(COLUMNS)})"
        raise _wrong(line.place, expected, str(len(cells)))
    _, user_id, time, history, candidates = cells
    labelled = [_candidate(line.place, text) for text in candidates.split()]
    if not labelled:
        raise _wrong(line.place, "at least one candidate", "none")
    shown = tuple(article_id for article_id, _ in labelled)
    clicked = tuple(article_id for article_id, is_clicked in labelled if is_clicked)
    seen = _Seen(user_id, _seconds(line.place, time), tuple(history.split()), shown, clicked)
    for article_id in (*seen.history, *shown):
        if article_id not in known:
            raise _wrong(line.place, f"articles that {NEWS} holds", f"unknown {article_id}")
    return seen


def _candidate(place: str, text: str) -> tuple[str, bool]:
    article_id, _, label = text.rpartition("-")
    if not article_id or label not in ("0", "1"):
        raise _wrong(place, "candidates such as N123-1 or N123-0", repr(text))
    return article_id, label == "1"


def _seconds(place: str, text: str) -> float:
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise _wrong(place, "a time such as 11/13/2019 8:36:57 AM", repr(text)) from error


def _wrong(place: str, expected: str, found: str) -> UnreadableLog:
    return UnreadableLog(f"{place}: expected {expected}, found {found}")
