"""What every file of news must hold: an id and a title in each row, each id once."""

from pathlib import Path

import polars as pl

from training.data.problems import Problems


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
