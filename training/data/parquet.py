"""Columns of a Parquet file, their types checked."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from training.errors import UnreadableData


@dataclass(frozen=True)
class Kind:
    """What the values of a column are, which types store them, and the type they are read as."""

    name: str
    stores: Callable[[pl.DataType], bool]
    dtype: pl.DataType


def _is_list(stored: pl.DataType) -> bool:
    inner = stored.inner if isinstance(stored, pl.List) else pl.String()
    return inner == pl.Null or pl.Series(dtype=inner).dtype.is_integer()


def _is_list_of_texts(stored: pl.DataType) -> bool:
    return isinstance(stored, pl.List) and stored.inner in (pl.String, pl.Null)


INTEGERS: Final = Kind("integers", lambda stored: stored.is_integer(), pl.Int64())
TEXTS: Final = Kind("texts", lambda stored: stored in (pl.String, pl.Null), pl.String())
TIMES: Final = Kind("times", lambda stored: stored == pl.Datetime, pl.Datetime("us"))
INTEGER_LISTS: Final = Kind("lists of integers", _is_list, pl.List(pl.Int64))
TEXT_LISTS: Final = Kind("lists of texts", _is_list_of_texts, pl.List(pl.String))


def read_schema(path: Path) -> Mapping[str, pl.DataType]:
    """The columns' names and types. Raises UnreadableData for a file that is no Parquet."""
    with _refusing(path):
        return pl.read_parquet_schema(path)


def read_columns(path: Path, columns: Mapping[str, Kind]) -> pl.DataFrame:
    """These columns, and ``row``, from 1. Nulls, and numbers beyond 64 bits, are null.

    Raises UnreadableData for a file that is no Parquet, lacks a column or stores others than
    those values in it.
    """
    schema = read_schema(path)
    for name, kind in columns.items():
        if name not in schema:
            raise UnreadableData(f"{path}: expected a column {name}, found {', '.join(schema)}")
        if not kind.stores(schema[name]):
            raise UnreadableData(f"{path}: expected {kind.name} in {name}, found {schema[name]}")
    with _refusing(path):
        frame = pl.read_parquet(path, columns=list(columns), glob=False)
    plain = [pl.col(name).cast(kind.dtype, strict=False) for name, kind in columns.items()]
    return frame.select(pl.int_range(1, pl.len() + 1).alias("row"), *plain)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableData(f"{path} cannot be read: {error.strerror or error}") from error
    except pl.exceptions.PolarsError as error:
        reason = str(error).partition("\n")[0]
        raise UnreadableData(f"{path}: expected a Parquet file: {reason}") from error
