"""The formats of an export, by the name of what is to be written and by what lies there."""

from pathlib import Path
from typing import Final

from service.transfer.errors import NotAnExport
from service.transfer.format import ExportFiles, Format
from service.transfer.json_lines import JsonLines, plain, zipped
from service.transfer.parquet import Parquet

PARQUET: Final = Parquet()
READABLE: Final[tuple[Format, ...]] = (JsonLines(plain), PARQUET)


def format_named(target: Path) -> Format:
    """``.jsonl`` or ``.jsonl.gz`` for JSON lines, anything else a folder of Parquet files."""
    if target.name.endswith(".jsonl.gz"):
        return JsonLines(zipped)
    return JsonLines(plain) if target.suffix == ".jsonl" else PARQUET


def is_export(source: Path) -> bool:
    """Whether what lies there says that it is a state export. Raises NotAnExport where it cannot
    be read.
    """
    return any(one.recognises(source) for one in READABLE)


def open_export(source: Path) -> ExportFiles:
    """The export there. Raises NotAnExport, NoParquet."""
    for one in READABLE:
        if one.recognises(source):
            return one.open(source)
    raise NotAnExport(f"{source} is no state export of Newsstand")
