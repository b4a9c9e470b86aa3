"""What news must hold: in a file an id and a title in each row, each id once; in a log a title."""

from pathlib import Path

import polars as pl

from training.data.news import NewsTable
from training.data.problems import Problems
from training.errors import BadRecipe


def titled_once(path: Path, frame: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Of rows with ``line``, ``news_id`` and ``title`` those that have both, the first of each id.

    Raises UnreadableData for the first other row, unless they are skipped.
    """
    named = (pl.col("news_id") != "") & (pl.col("title").str.strip_chars() != "")
    bad = frame.filter(~named)["line"].to_list()
    problems.meet(path, bad, "a news id and a title", ["an empty cell"] * len(bad))
    frame = frame.filter(named)
    again = frame.filter(~pl.col("news_id").is_first_distinct())
    found = [f"{news_id} again" for news_id in again["news_id"]]
    problems.meet(path, again["line"].to_list(), "each news id once", found)
    return frame.unique("news_id", keep="first", maintain_order=True)


def check_titled(news: NewsTable, name: str) -> None:
    """Raises BadRecipe for news without any title, such as an EB-NeRD log's without its articles;
    ``name`` says whose they are.
    """
    if not any(news.column("title")):
        raise BadRecipe(f"the news of {name} have no titles: there is nothing to encode")
