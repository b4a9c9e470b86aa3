"""Reading xMIND: MIND's titles and abstracts in another language, as a TSV with a header.

Iana, Glavaš and Paulheim, *MIND Your Language: A Multilingual Dataset for Cross-lingual News
Recommendation*, SIGIR 2024. Unlike MIND's own files, its cells are quoted as in CSV.
"""

from pathlib import Path
from typing import Final

import polars as pl

from training.data.news import NewsTable
from training.data.problems import Problems, wrong
from training.data.sheets import read_separated
from training.data.titled import titled_once

HEADER: Final = ("nid", "title", "abstract")


def translated(
    news: NewsTable, path: Path, language: str, problems: Problems | None = None
) -> NewsTable:
    """The news with the file's titles and abstracts, in ``language``, where the file has them.

    Other news stay as they are, every row keeps its number, and ids that ``news`` does not hold
    are left out. Raises UnreadableData for a file that cannot be read or has another header,
    and, unless ``problems`` skips them, for malformed lines.
    """
    told = _read(path, problems or Problems()).with_columns(pl.lit(language).alias("language"))
    joined = news.frame.join(told, on="news_id", how="left", suffix="_told", maintain_order="left")
    replaced = [
        pl.coalesce(f"{name}_told", name).alias(name) for name in ("title", "abstract", "language")
    ]
    return NewsTable(joined.with_columns(replaced).select(news.frame.columns))


def _read(path: Path, problems: Problems) -> pl.DataFrame:
    sheet = read_separated(path, "\t", problems)
    if tuple(sheet.columns) != HEADER:
        raise wrong(path, 1, f"the columns {', '.join(HEADER)}", ", ".join(sheet.columns))
    frame = sheet.frame.rename({"nid": "news_id"}).with_columns(pl.Series("line", sheet.lines))
    return titled_once(path, frame, problems).select("news_id", "title", "abstract")
