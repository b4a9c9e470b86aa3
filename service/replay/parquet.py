"""The columns of a Parquet file that a reader needs, checked and in plain types."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from service.replay.log import UnreadableLog


@dataclass(frozen=True)
class Kind:
    """What a value is: how it may be stored, and as what it is read."""

    name: str
    is_stored_as: Callable[[pl.DataType], bool]
    read: Callable[[pl.Expr], pl.Expr]


IDS: Final = Kind("ids", lambda t: t.is_integer() or t == pl.String, lambda e: e.cast(pl.String))
TEXTS: Final = Kind("texts", lambda t: t == pl.String, lambda e: e)
NUMBERS: Final = Kind("numbers", lambda t: t.is_numeric(), lambda e: e.cast(pl.Float64))
TIMES: Final = Kind("times", lambda t: t == pl.Datetime, lambda e: e.dt.epoch("us") / 1e6)
"""Read as seconds since 1970; a time without a zone is UTC."""


@dataclass(frozen=True)
class Values:
    """A column of one value a row; ``nullable`` where it may be missing."""

    kind: Kind
    nullable: bool = False

    def __str__(self) -> str:
        return self.kind.name

    def fits(self, stored: pl.DataType) -> bool:
        """Whether a column that is stored so holds these values."""
        return self.kind.is_stored_as(stored)

    def read(self, column: pl.Expr) -> pl.Expr:
        """The column in plain types."""
        return self.kind.read(column)

    def lacks(self, column: pl.Expr) -> pl.Expr:
        """For each row, whether it lacks what must be there."""
        return column.is_null() & (not self.nullable)


@dataclass(frozen=True)
class Lists:
    """A column of one list a row, never missing; ``of`` describes the values within."""

    of: Values

    def __str__(self) -> str:
        return f"lists of {self.of}"

    def fits(self, stored: pl.DataType) -> bool:
        """Whether a column that is stored so holds these lists."""
        return isinstance(stored, pl.List) and self.of.fits(pl.Series(dtype=stored.inner).dtype)

    def read(self, column: pl.Expr) -> pl.Expr:
        """The column in plain types."""
        return column.list.eval(self.of.read(pl.element()))

    def lacks(self, column: pl.Expr) -> pl.Expr:
        """For each row, whether it lacks what must be there."""
        return column.is_null() | column.list.eval(self.of.lacks(pl.element())).list.any()


Columns = Mapping[str, Values | Lists]


def read_columns(path: Path, columns: Columns) -> pl.DataFrame:
    """These columns of the file, in the file's order of rows.

    Raises UnreadableLog for a file that is no Parquet, holds no rows, lacks a column or holds
    something else in it; the text names the file and, for a missing value, the row (from 1).
    """
    try:
        schema = pl.read_parquet_schema(path)
        _check_types(path, schema, columns)
        frame = pl.read_parquet(path, columns=list(columns))
    except OSError as error:
        raise UnreadableLog(f"{path} cannot be read: {error.strerror or error}") from error
    except pl.exceptions.PolarsError as error:
        raise UnreadableLog(f"{path} is not a Parquet file: {error}") from error
    if frame.is_empty():
        raise UnreadableLog(f"{path} is empty; expected rows of {', '.join(columns)}")
    _check_values(path, frame, columns)
    return frame.select(column.read(pl.col(name)) for name, column in columns.items())


def _check_types(path: Path, schema: Mapping[str, pl.DataType], columns: Columns) -> None:
    for name, column in columns.items():
        if name not in schema:
            raise UnreadableLog(f"{path}: expected the column {name}, found {', '.join(schema)}")
        if not column.fits(schema[name]):
            raise UnreadableLog(f"{path}: expected {column} in {name}, found {schema[name]}")


def _check_values(path: Path, frame: pl.DataFrame, columns: Columns) -> None:
    for name, column in columns.items():
        rows = frame.select(column.lacks(pl.col(name)).arg_true()).to_series()
        if len(rows):
            raise UnreadableLog(
                f"{path}, row {rows[0] + 1}: expected {column} in {name}, found null"
            )
