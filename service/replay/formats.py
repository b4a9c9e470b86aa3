"""Which log a folder holds, and the reader for it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from service.errors import SetupError
from service.replay import mind
from service.replay.log import Log

Read = Callable[[Sequence[Path]], Log]

FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "MIND": (mind.NEWS, mind.BEHAVIOURS),
    "EB-NeRD": ("behaviors.parquet", "history.parquet"),
}
"""The files by which a folder of each format is known."""


def open_log(folders: Sequence[Path]) -> Log:
    """The log of one or more folders of one format, such as a split for each week.

    Raises SetupError where a folder is not there, holds no known format, stands there twice or
    has another format than the first, where polars is missing for EB-NeRD, and UnreadableLog (a
    SetupError) where a file is not as its format says.
    """
    if not folders:
        raise SetupError("a replay needs at least one folder with a log")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise SetupError("the same folder is given twice")
    formats = {folder: _format(folder) for folder in folders}
    if len(set(formats.values())) > 1:
        listed = ", ".join(f"{folder} is {name}" for folder, name in formats.items())
        raise SetupError(f"the folders of one replay have one format: {listed}")
    return _reader(formats[folders[0]])(folders)


def _format(folder: Path) -> str:
    found = _known(folder)
    if found:
        return found
    if not folder.is_dir():
        raise SetupError(f"{folder} is not a folder")
    expected = " or ".join(f"{' and '.join(files)} ({name})" for name, files in FILES.items())
    within = sorted(str(path) for path in folder.iterdir() if _known(path))
    hint = f"; did you mean {' and '.join(within)}?" if within else ""
    raise SetupError(f"{folder} holds no log: expected {expected}{hint}")


def _known(folder: Path) -> str | None:
    matching = (n for n, files in FILES.items() if all((folder / f).is_file() for f in files))
    return next(matching, None)


def _reader(name: str) -> Read:
    if name == "MIND":
        return mind.read
    try:
        from service.replay import ebnerd
    except ModuleNotFoundError as error:
        raise SetupError("EB-NeRD is read with polars: pip install 'newsstand[replay]'") from error
    return ebnerd.read
