"""Reading EB-NeRD's folders: ``behaviors.parquet``, ``history.parquet``, ``articles.parquet``.

Kruse et al., *EB-NeRD: A Large-Scale Dataset for News Recommendation*, RecSys Challenge 2024.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training.data.impressions import ImpressionLog
from training.data.news import NewsTable
from training.data.parquet import (
    INTEGER_LISTS,
    INTEGERS,
    TEXT_LISTS,
    TEXTS,
    TIMES,
    read_columns,
    read_schema,
)
from training.data.problems import ROW, Problems
from training.data.ragged import Ragged
from training.errors import UnreadableData

BEHAVIOURS: Final = "behaviors.parquet"
HISTORY: Final = "history.parquet"
ARTICLES: Final = "articles.parquet"
LANGUAGE: Final = "da"

BEHAVIOUR_COLUMNS: Final = {
    "impression_id": INTEGERS,
    "user_id": INTEGERS,
    "impression_time": TIMES,
    "article_ids_inview": INTEGER_LISTS,
    "article_ids_clicked": INTEGER_LISTS,
}
HISTORY_COLUMNS: Final = {"user_id": INTEGERS, "article_id_fixed": INTEGER_LISTS}
ARTICLE_COLUMNS: Final = {
    "article_id": INTEGERS,
    "title": TEXTS,
    "subtitle": TEXTS,
    "body": TEXTS,
    "category_str": TEXTS,
}
FURTHER_COLUMNS: Final = {
    "subcategory": INTEGER_LISTS,
    "sentiment_label": TEXTS,
    "entity_groups": TEXT_LISTS,
}
"""Read where an articles' file has them."""


def read(folder: Path, problems: Problems | None = None) -> ImpressionLog:
    """The impressions of a split's folder, in the file's order, with the ids as text.

    The news are the articles of the folder, or of the one above it, then the ids that only the
    log knows, without a title; an article's subcategory is the first of its list, its sentiment
    in small letters, its entities the types of those that are named anywhere in it. A reader
    whom the history does not hold has read nothing. Raises UnreadableData for a file that is no
    Parquet, or lacks a column or any impression, and, unless ``problems`` skips them, for
    malformed rows: a value that is missing, no candidate, a click on none of the candidates, or
    what should be there once again.
    """
    problems = problems or Problems()
    behaviours = _behaviours(folder / BEHAVIOURS, problems)
    history = _history(folder / HISTORY, problems)
    history = history.join(behaviours, on="user_id", how="semi", maintain_order="left")
    shown, read_before = behaviours["article_ids_inview"], history["article_id_fixed"]
    news = _articles(folder, problems).joined(_news([shown, read_before]))
    rows = news.frame.select(pl.col("news_id").cast(pl.Int64).alias("article_id"))
    rows = rows.with_row_index("row").cast({"row": pl.Int64})
    return ImpressionLog(
        news=news,
        ids=behaviours["impression_id"].cast(pl.String).to_list(),
        users=behaviours["user_id"].cast(pl.String).to_list(),
        times=behaviours["impression_time"].to_numpy().astype("datetime64[s]"),
        history=_histories(behaviours["user_id"], history, rows),
        candidates=_ragged(shown, rows),
        labels=_labels(behaviours),
    )


def _behaviours(path: Path, problems: Problems) -> pl.DataFrame:
    frame = read_columns(path, BEHAVIOUR_COLUMNS)
    if frame.is_empty():
        raise UnreadableData(f"{path} is empty; expected rows of {', '.join(BEHAVIOUR_COLUMNS)}")
    frame = _whole(path, frame, problems)
    some = pl.col("article_ids_inview").list.len() > 0
    frame = _kept(path, frame, some, "at least one candidate", pl.lit("none"), problems)
    strange = pl.col("article_ids_clicked").list.set_difference("article_ids_inview")
    found = pl.format("{} elsewhere", strange.list.first())
    expected = "clicks among the candidates"
    return _kept(path, frame, strange.list.len() == 0, expected, found, problems)


def _history(path: Path, problems: Problems) -> pl.DataFrame:
    frame = _whole(path, read_columns(path, HISTORY_COLUMNS), problems)
    found = pl.format("{} again", "user_id")
    first = pl.col("user_id").is_first_distinct()
    return _kept(path, frame, first, "each user once", found, problems)


def _articles(folder: Path, problems: Problems) -> NewsTable:
    path = next((p for p in (folder / ARTICLES, folder.parent / ARTICLES) if p.exists()), None)
    if path is None:
        return NewsTable.empty()
    schema = read_schema(path)
    there = {name: kind for name, kind in FURTHER_COLUMNS.items() if name in schema}
    frame = read_columns(path, {**ARTICLE_COLUMNS, **there})
    known = pl.col("article_id").is_not_null()
    frame = _kept(path, frame, known, "integers in article_id", pl.lit("null"), problems)
    found = pl.format("{} again", "article_id")
    first = pl.col("article_id").is_first_distinct()
    frame = _kept(path, frame, first, "each article once", found, problems)
    names = {"article_id": "news_id", "subtitle": "abstract", "category_str": "category"}
    labels = [_LABELS[name] for name in there]
    return NewsTable.of(
        frame.with_columns(pl.lit(LANGUAGE).alias("language"), *labels).rename(names)
    )


_LABELS: Final[Mapping[str, pl.Expr]] = {
    "subcategory": pl.col("subcategory").list.first(),
    "sentiment_label": pl.col("sentiment_label").str.to_lowercase().alias("sentiment"),
    "entity_groups": pl.col("entity_groups")
    .list.drop_nulls()
    .list.unique()
    .list.sort()
    .list.join(" ")
    .alias("entities"),
}
"""Of FURTHER_COLUMNS what they are in a news table."""


def _whole(path: Path, frame: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """The rows without nulls, in lists neither."""
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        full = column.is_not_null()
        if dtype == pl.List:
            full &= (column.list.drop_nulls().list.len() == column.list.len()).fill_null(False)
        frame = _kept(path, frame, full, f"a whole value in {name}", pl.lit("null"), problems)
    return frame


def _kept(
    path: Path,
    frame: pl.DataFrame,
    right: pl.Expr,
    expected: str,
    found: pl.Expr,
    problems: Problems,
) -> pl.DataFrame:
    bad = frame.filter(~right).select("row", found.alias("found"))
    problems.meet(path, bad["row"].to_list(), expected, bad["found"].to_list(), ROW)
    return frame.filter(right)


def _news(lists: list[pl.Series]) -> NewsTable:
    """The ids that stand in the lists, in ascending order."""
    ids = pl.concat([one.explode().drop_nulls().rename("news_id") for one in lists])
    frame = pl.DataFrame(ids.unique().sort())
    return NewsTable.of(frame.with_columns(pl.lit(LANGUAGE).alias("language")))


def _histories(users: pl.Series, history: pl.DataFrame, rows: pl.DataFrame) -> Ragged:
    """Each impression's, which is empty for a reader without one."""
    nothing = pl.Series([[]], dtype=pl.List(pl.Int64))
    lists = _ragged(pl.concat([history["article_id_fixed"], nothing]), rows)
    places = history.select("user_id").with_row_index("place").cast({"place": pl.Int64})
    found = pl.DataFrame(users).join(places, on="user_id", how="left", maintain_order="left")
    return lists.take(found["place"].fill_null(history.height).to_numpy())


def _ragged(lists: pl.Series, rows: pl.DataFrame) -> Ragged:
    ids = lists.explode().drop_nulls().rename("article_id")
    values = pl.DataFrame(ids).join(rows, on="article_id", how="left", maintain_order="left")
    lengths = lists.list.len().to_numpy()
    return Ragged(
        values["row"].to_numpy(), np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    )


def _labels(behaviours: pl.DataFrame) -> NDArray[np.int8]:
    shown, clicked = (
        behaviours.select("row", pl.col(name).alias("article_id")).explode("article_id")
        for name in ("article_ids_inview", "article_ids_clicked")
    )
    clicked = clicked.unique().with_columns(pl.lit(1, pl.Int8).alias("label"))
    pair = ["row", "article_id"]
    labelled = shown.join(clicked, on=pair, how="left", maintain_order="left")
    return labelled["label"].fill_null(0).to_numpy()
