"""Reading MIND's format: ``news.tsv`` and ``behaviors.tsv``, tab-separated, without quoting.

Wu et al., *MIND: A Large-scale Dataset for News Recommendation*, ACL 2020. Titles hold quotation
marks and the other characters that a CSV reader would interpret, so a line is split at its tabs.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from training.data.impressions import Impression, News, NewsId
from training.errors import UnreadableData

NEWS: Final = "news.tsv"
BEHAVIOURS: Final = "behaviors.tsv"

NEWS_COLUMNS: Final = (
    "news id",
    "category",
    "subcategory",
    "title",
    "abstract",
    "url",
    "title entities",
    "abstract entities",
)
BEHAVIOUR_COLUMNS: Final = ("impression id", "user id", "time", "history", "candidates")
TIME_FORMAT: Final = "%m/%d/%Y %I:%M:%S %p"


def read_news(path: Path) -> dict[NewsId, News]:
    """All news of a ``news.tsv`` by id, in the file's order.

    Raises UnreadableData for a file that cannot be read, is empty, or has a malformed line.
    """
    news: dict[NewsId, News] = {}
    for line, cells in _rows(path, NEWS_COLUMNS):
        item = News(NewsId(cells[0]), *cells[1:6])
        if not item.news_id or not item.title:
            raise _wrong(path, line, "a news id and a title", "an empty cell")
        if item.news_id in news:
            raise _wrong(path, line, "each news id once", f"{item.news_id} again")
        news[item.news_id] = item
    return news


def read_all_news(paths: Iterable[Path]) -> dict[NewsId, News]:
    """The news of several ``news.tsv``; of an id that stands in several, the first file's."""
    merged: dict[NewsId, News] = {}
    for path in paths:
        merged = read_news(path) | merged
    return merged


def read_impressions(path: Path, known: Container[NewsId] | None = None) -> Iterator[Impression]:
    """The impressions of a ``behaviors.tsv``, in the file's order.

    With ``known``, an id in a history or among the candidates that is not in it is an error.
    Raises UnreadableData for a file that cannot be read, is empty, or has a malformed line.
    """
    for line, cells in _rows(path, BEHAVIOUR_COLUMNS):
        impression_id, user_id, time, history, candidates = cells
        shown = [_candidate(path, line, text) for text in candidates.split()]
        if not shown:
            raise _wrong(path, line, "at least one candidate", "none")
        impression = Impression(
            impression_id,
            user_id,
            _time(path, line, time),
            tuple(map(NewsId, history.split())),
            tuple(news_id for news_id, _ in shown),
            tuple(label for _, label in shown),
        )
        if known is not None:
            _check_known(path, line, impression, known)
        yield impression


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Line numbers, from 1, and the cells of each line."""
    line = 0
    try:
        # In bytes, only a newline ends a line; Unicode knows others, which titles may hold.
        with path.open("rb") as file:
            for line, raw in enumerate(file, start=1):
                cells = _decoded(path, line, raw).rstrip("\r\n").split("\t")
                if len(cells) != len(columns):
                    expected = f"{len(columns)} tab-separated columns ({', '.join(columns)})"
                    raise _wrong(path, line, expected, str(len(cells)))
                yield line, cells
    except OSError as error:
        raise UnreadableData(f"{path} cannot be read: {error.strerror}") from error
    if not line:
        raise UnreadableData(f"{path} is empty; expected lines of {', '.join(columns)}")


def _decoded(path: Path, line: int, raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _wrong(path, line, "UTF-8 text", "other bytes") from error


def _candidate(path: Path, line: int, text: str) -> tuple[NewsId, int]:
    news_id, _, label = text.rpartition("-")
    if not news_id or label not in ("0", "1"):
        raise _wrong(path, line, "candidates such as N123-1 or N123-0", repr(text))
    return NewsId(news_id), int(label)


def _time(path: Path, line: int, text: str) -> datetime:
    try:
        return datetime.strptime(text, TIME_FORMAT)
    except ValueError as error:
        raise _wrong(path, line, "a time such as 11/13/2019 8:36:57 AM", repr(text)) from error


def _check_known(path: Path, line: int, impression: Impression, known: Container[NewsId]) -> None:
    for kind, ids in (("candidates", impression.candidates), ("history", impression.history)):
        for news_id in ids:
            if news_id not in known:
                raise _wrong(path, line, f"{kind} that the news files hold", f"unknown {news_id}")


def _wrong(path: Path, line: int, expected: str, found: str) -> UnreadableData:
    return UnreadableData(f"{path}:{line}: expected {expected}, found {found}")
