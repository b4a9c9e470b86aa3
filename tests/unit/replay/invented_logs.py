"""Small logs in MIND's and EB-NeRD's formats; every headline is invented."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

TITLES = {
    "N1": "Lighthouse keeper's goat wins regional chess cup",
    "N2": 'Town votes to rename its only roundabout "The Square"',
    "N3": "Ferry returns with one passenger more than it took",
    "N4": "Baker's dozen now fourteen, says baker",
}
Row = dict[str, Any]


def news_line(article_id: str, **columns: str) -> str:
    """One line of ``news.tsv``."""
    cells = {
        "category": "news",
        "subcategory": "odd",
        "title": TITLES.get(article_id, ""),
        "abstract": "",
        "url": "https://example.org/",
        "in_title": "[]",
        "in_abstract": "[]",
        **columns,
    }
    return "\t".join([article_id, *cells.values()]) + "\n"


def seen_line(user_id: str, time: str, history: str, candidates: str) -> str:
    """One line of ``behaviors.tsv``; ``time`` is of the day, such as ``8:00:00 AM``."""
    return f"1\t{user_id}\t11/13/2019 {time}\t{history}\t{candidates}\n"


NEWS = "".join(map(news_line, TITLES))
SEEN = seen_line("U1", "8:00:00 AM", "N1", "N2-0 N3-1")


def write_mind(folder: Path, news: str | bytes = NEWS, behaviours: str | bytes = SEEN) -> Path:
    """A folder in MIND's format."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("news.tsv", news), ("behaviors.tsv", behaviours)):
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(raw)
    return folder


def moment(hour: int, minute: int = 0) -> datetime:
    """A time of 20 May 2023, without a zone, as EB-NeRD writes them."""
    return datetime(2023, 5, 20, hour, minute)


def impression(
    user_id: int,
    time: datetime,
    shown: Sequence[int],
    clicked: Sequence[int] = (),
    read_seconds: float | None = None,
) -> Row:
    """One row of ``behaviors.parquet``."""
    return {
        "impression_id": 1,
        "user_id": user_id,
        "impression_time": time,
        "article_ids_inview": list(shown),
        "article_ids_clicked": list(clicked),
        "next_read_time": read_seconds,
    }


def history(user_id: int, *clicks: tuple[datetime, int, float | None]) -> Row:
    """One row of ``history.parquet``, of (time, article, read time)."""
    times, articles, read = (list(column) for column in zip(*clicks, strict=True))
    return {
        "user_id": user_id,
        "impression_time_fixed": times,
        "article_id_fixed": articles,
        "read_time_fixed": read,
    }


IMPRESSIONS = [impression(7, moment(9), [11, 12], [12], 30.0)]
HISTORIES = [history(7, (moment(8), 10, 5.0))]
BEHAVIOUR_TYPES = {
    "impression_id": pl.UInt32,
    "user_id": pl.UInt32,
    "impression_time": pl.Datetime("us"),
    "article_ids_inview": pl.List(pl.Int32),
    "article_ids_clicked": pl.List(pl.Int32),
    "next_read_time": pl.Float32,
}
HISTORY_TYPES = {
    "user_id": pl.UInt32,
    "impression_time_fixed": pl.List(pl.Datetime("us")),
    "article_id_fixed": pl.List(pl.Int32),
    "read_time_fixed": pl.List(pl.Float32),
}


def behaviours_frame(rows: Iterable[Row] = IMPRESSIONS) -> pl.DataFrame:
    """``behaviors.parquet`` with the types that EB-NeRD has."""
    return pl.DataFrame(list(rows), schema=BEHAVIOUR_TYPES)


def history_frame(rows: Iterable[Row] = HISTORIES) -> pl.DataFrame:
    """``history.parquet`` with the types that EB-NeRD has."""
    return pl.DataFrame(list(rows), schema=HISTORY_TYPES)


def write_ebnerd(
    folder: Path, behaviours: pl.DataFrame | None = None, histories: pl.DataFrame | None = None
) -> Path:
    """A folder in EB-NeRD's format."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = behaviours_frame() if behaviours is None else behaviours
    frame.write_parquet(folder / "behaviors.parquet")
    frame = history_frame() if histories is None else histories
    frame.write_parquet(folder / "history.parquet")
    return folder
