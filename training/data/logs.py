"""Impression logs of any format that is known, over one news table."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from training.data import ebnerd, mind
from training.data.impressions import ImpressionLog
from training.data.news import NewsTable
from training.data.problems import Problems
from training.data.ragged import Ragged
from training.errors import UnreadableData


def read_logs(
    folders: Sequence[Path], more_news: Sequence[Path] = (), problems: Problems | None = None
) -> list[ImpressionLog]:
    """Each folder's log, all over one news table, so that their rows mean the same.

    A folder is in MIND's format (``behaviors.tsv``) or in EB-NeRD's (``behaviors.parquet``).
    ``more_news`` are further ``news.tsv``, or folders that hold one; of an id that stands in
    several files the first one's news count. Raises UnreadableData.
    """
    if all((folder / mind.BEHAVIOURS).exists() for folder in folders):
        return _of_mind(folders, more_news, problems)
    if all((folder / ebnerd.BEHAVIOURS).exists() for folder in folders):
        return _over_one_table([ebnerd.read(folder, problems) for folder in folders])
    raise UnreadableData(
        f"{', '.join(map(str, folders))}: expected {mind.BEHAVIOURS} (MIND) "
        f"or {ebnerd.BEHAVIOURS} (EB-NeRD)" + (", all in one format" if len(folders) > 1 else "")
    )


def read_log(folder: Path, problems: Problems | None = None) -> ImpressionLog:
    """One folder's log; see ``read_logs``."""
    return read_logs([folder], problems=problems)[0]


def _of_mind(
    folders: Sequence[Path], more_news: Sequence[Path], problems: Problems | None
) -> list[ImpressionLog]:
    further = [path / mind.NEWS if path.is_dir() else path for path in more_news]
    own = [folder / mind.NEWS for folder in folders]
    files = [file for file in own if file.is_file() or not further]
    news = mind.read_all_news([*files, *further], problems)
    return [mind.read_impressions(folder / mind.BEHAVIOURS, news, problems) for folder in folders]


def _over_one_table(logs: Sequence[ImpressionLog]) -> list[ImpressionLog]:
    news = NewsTable.empty()
    for log in logs:
        news = news.joined(log.news)
    return [_moved(log, news) for log in logs]


def _moved(log: ImpressionLog, news: NewsTable) -> ImpressionLog:
    """The log with its rows as they are numbered in ``news``."""
    row_of = news.rows(log.news.ids)
    return replace(
        log,
        news=news,
        history=Ragged(row_of[log.history.values], log.history.starts),
        candidates=Ragged(row_of[log.candidates.values], log.candidates.starts),
    )
