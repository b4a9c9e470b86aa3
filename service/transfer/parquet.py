"""An export as a folder of Parquet files, one for each unit, and a manifest, written last."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import rmtree
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from model_store.files import replace_text, sync_file, sync_folder
from service.domain.article import Article
from service.transfer.errors import NoParquet, NotAnExport
from service.transfer.json_lines import read_header
from service.transfer.records import FORMAT, KINDS, RECORD_OF, End, Header, Kind, Record

if TYPE_CHECKING:
    import polars as pl

MANIFEST: Final = "manifest.json"


@dataclass(frozen=True)
class ParquetWriter:
    """See ``format.Writer``; each unit is a file of its own, so that reach is not counted."""

    path: Path

    def begin(self, header: Header) -> int:
        """See ``format.Writer``."""
        rmtree(self.path, ignore_errors=True)
        self.path.mkdir(mode=0o700)
        return 0

    def go_on(self, reached: int) -> None:
        """See ``format.Writer``."""

    def write(self, number: int, kind: Kind, records: Sequence[Record], reached: int) -> int:
        """See ``format.Writer``."""
        file = self.path / f"{kind}-{number:06}.parquet"
        file.unlink(missing_ok=True)
        if records:
            staged = file.with_suffix(".part")
            polars = _polars()
            rows = [_row(record) for record in records]
            polars.DataFrame(rows, schema=_schema(RECORD_OF[kind])).write_parquet(staged)
            sync_file(staged)
            staged.replace(file)
            sync_folder(self.path)
        return reached

    def finish(self, header: Header, end: End, reached: int) -> None:
        """See ``format.Writer``."""
        for left in self.path.glob("*.part"):
            left.unlink()
        manifest = {**header.model_dump(), "records": end.records}
        replace_text(self.path / MANIFEST, json.dumps(manifest, indent=2) + "\n")


@dataclass(frozen=True)
class ParquetFolder:
    """See ``format.ExportFiles``."""

    path: Path
    header: Header
    total: int | None

    def records(self, skip: int) -> Iterator[Record]:
        """See ``format.ExportFiles``."""
        polars = _polars()
        for kind in KINDS:
            for file in sorted(self.path.glob(f"{kind}-*.parquet")):
                rows = _rows_in(file)
                if skip < rows:
                    for row in polars.read_parquet(file).slice(skip).iter_rows(named=True):
                        yield _record(kind, row, file)
                skip = max(0, skip - rows)


@dataclass(frozen=True)
class Parquet:
    """See ``format.Format``."""

    def writer(self, path: Path) -> ParquetWriter:
        """See ``format.Format``."""
        _polars()
        return ParquetWriter(path)

    def recognises(self, path: Path) -> bool:
        """See ``format.Format``."""
        manifest = path / MANIFEST
        return manifest.is_file() and FORMAT in manifest.read_text("utf-8")

    def open(self, path: Path) -> ParquetFolder:
        """See ``format.Format``."""
        _polars()
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        records = manifest.pop("records", {})
        header = read_header(json.dumps(manifest).encode(), path)
        for kind in KINDS:
            found = sum(map(_rows_in, path.glob(f"{kind}-*.parquet")))
            if found != records.get(kind, 0):
                said = f"and its manifest says {records.get(kind, 0)}"
                raise NotAnExport(f"{path} holds {found} records of {kind}s, {said}")
        return ParquetFolder(path, header, sum(records.values()))


def _polars() -> Any:
    try:
        import polars
    except ModuleNotFoundError as error:
        raise NoParquet(
            "Parquet needs polars: pip install 'newsstand[replay]', or use .jsonl"
        ) from error
    return polars


@cache
def _schema(record: type[BaseModel]) -> "dict[str, pl.DataType]":
    """A column for each field; ``kind`` stands in the file's name."""
    fields = record.model_fields
    return {name: _type(fields[name].annotation) for name in fields if name != "kind"}


def _type(annotation: Any) -> "pl.DataType":
    polars = _polars()
    inner = [argument for argument in get_args(annotation) if argument is not type(None)]
    if get_origin(annotation) in (Union, UnionType):
        return _type(inner[0])
    if get_origin(annotation) is tuple:
        return polars.List(_type(inner[0]))  # type: ignore[no-any-return]
    if get_origin(annotation) is Literal or annotation is Article:
        return polars.String()  # type: ignore[no-any-return]
    if get_args(annotation):  # Annotated
        return _type(inner[0])
    if issubclass(annotation, BaseModel):
        return polars.Struct(_schema(annotation))  # type: ignore[no-any-return]
    plain = {int: polars.Int64, float: polars.Float64, str: polars.String, bytes: polars.Binary}
    return plain[annotation]()  # type: ignore[no-any-return]


def _row(record: Record) -> dict[str, Any]:
    row = record.model_dump(exclude={"kind"})
    document = getattr(record, "document", None)
    if document is not None:
        row["document"]["article"] = document.article.model_dump_json(exclude_none=True)
    return row


def _record(kind: Kind, row: dict[str, Any], file: Path) -> Record:
    try:
        if row.get("document") is not None:
            text = row["document"]["article"]
            row["document"]["article"] = Article.model_validate_json(text)
        return RECORD_OF[kind].model_validate(row)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise NotAnExport(f"{file}: {where}: {first['msg']}") from error


def _rows_in(file: Path) -> int:
    polars = _polars()
    return int(polars.scan_parquet(file).select(polars.len()).collect().item())
