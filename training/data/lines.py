"""Lines and cells of a text file as a polars frame, with their line numbers.

In bytes, only a newline ends a line; Unicode knows others, which titles may hold.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from training.data.problems import Problems, wrong
from training.errors import UnreadableData


def read_lines(path: Path) -> list[str]:
    """The file's lines without their ends or a byte order mark. Raises UnreadableData."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableData(f"{path} cannot be read: {error.strerror}") from error
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise wrong(path, line, "UTF-8 text", "other bytes") from error
    return text.removesuffix("\n").split("\n") if text else []


def read_cells(path: Path, columns: Sequence[str], problems: Problems) -> pl.DataFrame:
    """Tab-separated text without quoting: a frame of ``line`` and the columns, as text.

    Raises UnreadableData for a file that cannot be read or is empty, and, unless they are
    skipped, for lines of another number of columns.
    """
    lines = read_lines(path)
    if not lines:
        raise UnreadableData(f"{path} is empty; expected lines of {', '.join(columns)}")
    text = pl.col("text")
    frame = pl.DataFrame({"text": lines}, schema={"text": pl.String}).select(
        pl.int_range(1, pl.len() + 1).alias("line"),
        text.str.strip_suffix("\r"),
        (text.str.count_matches("\t", literal=True) + 1).alias("cells"),
    )
    right = pl.col("cells") == len(columns)
    bad = frame.filter(~right)
    expected = f"{len(columns)} tab-separated columns ({', '.join(columns)})"
    problems.meet(path, bad["line"].to_list(), expected, [str(n) for n in bad["cells"]])
    parts = text.str.split_exact("\t", len(columns) - 1).struct.rename_fields(list(columns))
    return frame.filter(right).select("line", parts.alias("parts")).unnest("parts")
