"""Reading EB-NeRD's folders: ``behaviors.parquet`` and ``history.parquet``.

Kruse et al., *EB-NeRD: A Large-Scale Dataset for News Recommendation*, RecSys Challenge 2024. Its
times have no zone. ``articles.parquet`` stands in the folder or above it, or nowhere: an article
without a title is named by its id, with a generated one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from service.replay.log import (
    Log,
    LoggedArticle,
    LoggedClick,
    LoggedImpression,
    UnreadableLog,
    newcomers,
)
from service.replay.parquet import IDS, NUMBERS, TEXTS, TIMES, Columns, Lists, Values, read_columns

BEHAVIOURS: Final = "behaviors.parquet"
HISTORY: Final = "history.parquet"
ARTICLES: Final = "articles.parquet"

BEHAVIOUR_COLUMNS: Final[Columns] = {
    "user_id": Values(IDS),
    "impression_time": Values(TIMES),
    "article_ids_inview": Lists(Values(IDS)),
    "article_ids_clicked": Lists(Values(IDS)),
    "next_read_time": Values(NUMBERS, nullable=True),
}
HISTORY_COLUMNS: Final[Columns] = {
    "user_id": Values(IDS),
    "article_id_fixed": Lists(Values(IDS)),
    "impression_time_fixed": Lists(Values(TIMES)),
    "read_time_fixed": Lists(Values(NUMBERS, nullable=True)),
}
ARTICLE_COLUMNS: Final[Columns] = {
    "article_id": Values(IDS),
    "title": Values(TEXTS, nullable=True),
    "subtitle": Values(TEXTS, nullable=True),
    "category_str": Values(TEXTS, nullable=True),
}


@dataclass(frozen=True, slots=True)
class _Folder:
    """One folder's rows; histories by reader, still as columns."""

    impressions: Sequence[tuple[Any, ...]]
    histories: Mapping[str, tuple[Any, ...]]


def read(folders: Sequence[Path]) -> Log:
    """The log of one or more folders; of an article that stands in several, the first one's.

    A reader's history is that of the folder that holds their first impression, up to it.

    Raises UnreadableLog for a file that cannot be read, is empty, lacks a column or a value.
    """
    impressions = list(_impressions([_folder(folder) for folder in folders]))
    texts = _articles(folders)
    named = {article_id for one in impressions for article_id in _named(one)}
    articles = {article_id: texts.get(article_id) or generated(article_id) for article_id in named}
    return Log.of(articles, impressions)


def generated(article_id: str) -> LoggedArticle:
    """The article where the log holds no text of it."""
    return LoggedArticle(article_id, f"Article {article_id} (generated title)", "", "", "", True)


def _impressions(folders: Iterable[_Folder]) -> Iterator[LoggedImpression]:
    rows = [(folder, row) for folder in folders for row in folder.impressions]
    rows.sort(key=lambda of_folder: of_folder[1][1])
    readers = (row[0] for _, row in rows)
    for (folder, row), is_first in zip(rows, newcomers(readers), strict=True):
        user_id, seconds, shown, clicked, dwell = row
        history = _history(folder.histories.get(user_id), seconds) if is_first else ()
        clicks = _clicks(clicked, seconds, dwell)
        yield LoggedImpression(user_id, seconds, history, tuple(shown), clicks)


def _clicks(article_ids: list[str], seconds: float, dwell: float | None) -> tuple[LoggedClick, ...]:
    """The clicks of an impression: of several, the log does not say which one was read so long."""
    only = dwell if len(article_ids) == 1 else None
    return tuple(LoggedClick(article_id, seconds, only) for article_id in article_ids)


def _history(columns: tuple[Any, ...] | None, until: float) -> tuple[LoggedClick, ...]:
    if columns is None:
        return ()
    clicks = [LoggedClick(*cells) for cells in zip(*columns, strict=True)]
    earlier = [click for click in clicks if click.seconds < until]
    return tuple(sorted(earlier, key=lambda click: click.seconds))


def _folder(folder: Path) -> _Folder:
    behaviours = read_columns(folder / BEHAVIOURS, BEHAVIOUR_COLUMNS)
    _check_shown(folder / BEHAVIOURS, behaviours)
    history = read_columns(folder / HISTORY, HISTORY_COLUMNS)
    _check_lengths(folder / HISTORY, history)
    return _Folder(behaviours.rows(), {row[0]: row[1:] for row in history.iter_rows()})


def _check_shown(path: Path, behaviours: pl.DataFrame) -> None:
    lengths = behaviours["article_ids_inview"].list.len()
    if lengths.min() == 0:
        row = int((lengths == 0).arg_true()[0]) + 1
        raise UnreadableLog(f"{path}, row {row}: expected at least one article in view, found none")


def _check_lengths(path: Path, history: pl.DataFrame) -> None:
    lists = [name for name, column in HISTORY_COLUMNS.items() if isinstance(column, Lists)]
    lengths = history.select(pl.col(lists).list.len())
    for row, of_row in enumerate(lengths.iter_rows(), start=1):
        if len(set(of_row)) > 1:
            expected = f"lists of one length in {', '.join(lists)}"
            found = ", ".join(map(str, of_row))
            raise UnreadableLog(f"{path}, row {row}: expected {expected}, found {found}")


def _articles(folders: Iterable[Path]) -> dict[str, LoggedArticle]:
    """The articles that have a title, of the folders that have a file of them."""
    articles: dict[str, LoggedArticle] = {}
    for folder in folders:
        places = (folder / ARTICLES, folder.resolve().parent / ARTICLES)
        path = next((place for place in places if place.exists()), None)
        rows = read_columns(path, ARTICLE_COLUMNS).iter_rows() if path else ()
        for article_id, title, subtitle, category in rows:
            if title:
                article = LoggedArticle(
                    article_id, title, subtitle or "", category or "", "", False
                )
                articles.setdefault(article_id, article)
    return articles


def _named(impression: LoggedImpression) -> Iterator[str]:
    yield from impression.shown
    for click in (*impression.history, *impression.clicked):
        yield click.article_id
