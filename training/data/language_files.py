"""A folder of plain text, one text a line, whose files' names say their language."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from training.data.lines import read_lines
from training.data.problems import Problems
from training.errors import UnreadableData

LANGUAGE: Final = re.compile(r"[a-z]{2,3}(_[A-Z][a-z]{3})?(-[A-Z]{2})?")
"""A language as a file or a folder is named: ``de``, ``deu``, ``deu_Latn``, ``zho-CN``."""


def language_files(folder: Path) -> Mapping[str, Sequence[Path]]:
    """Each language's ``<language>.txt``, ``name.<language>.txt`` and ``<language>/*.txt``.

    Other files are ignored. Languages and files are sorted. Raises UnreadableData if there are
    none, or the folder cannot be read.
    """
    found: dict[str, list[Path]] = {}
    for path in _texts_under(folder):
        beneath = path.parent != folder
        language = path.parent.name if beneath else path.stem.rpartition(".")[2]
        if LANGUAGE.fullmatch(language):
            found.setdefault(language, []).append(path)
    if not found:
        expected = "expected files such as eng.txt, name.eng.txt or eng/name.txt"
        raise UnreadableData(f"{folder}: {expected}, found none")
    return dict(sorted(found.items()))


def read_texts(paths: Sequence[Path]) -> pl.Series:
    """All lines of the files, one after the other. Raises UnreadableData."""
    lines = [line for path in paths for line in read_lines(path)]
    return pl.Series(lines, dtype=pl.String).str.strip_suffix("\r")


def read_parallel(
    files: Mapping[str, Sequence[Path]], problems: Problems
) -> Mapping[str, pl.Series]:
    """Each language's lines, of which the n-th say the same. A blank line is null.

    Raises UnreadableData for files that cannot be read or have not the same number of lines,
    and, unless they are skipped, for blank lines.
    """
    texts = {language: read_texts(paths) for language, paths in files.items()}
    (first, expected), *others = texts.items()
    for language, found in others:
        if len(found) != len(expected):
            raise UnreadableData(
                f"{_name(files[language])} has {len(found)} lines, "
                f"{_name(files[first])} {len(expected)}; expected as many"
            )
    return {
        language: _whole(_name(files[language]), texts[language], problems) for language in texts
    }


def _whole(path: Path, texts: pl.Series, problems: Problems) -> pl.Series:
    blank = texts.str.strip_chars() == ""
    lines = (blank.arg_true() + 1).to_list()
    problems.meet(path, lines, "a text on each line", ["none"] * len(lines))
    return texts.set(blank, None)


def _name(paths: Sequence[Path]) -> Path:
    """The file, or, where a language has several, their folder, whose lines are counted on."""
    return paths[0] if len(paths) == 1 else paths[0].parent


def _texts_under(folder: Path) -> list[Path]:
    try:
        folders = [folder, *(path for path in folder.iterdir() if path.is_dir())]
    except OSError as error:
        raise UnreadableData(f"{folder} cannot be read: {error.strerror}") from error
    return sorted(path for parent in folders for path in parent.glob("*.txt"))
