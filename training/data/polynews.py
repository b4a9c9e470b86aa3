"""Reading PolyNews and PolyNewsParallel, and any texts that are kept like them.

Iana et al., *News Without Borders: Domain Adaptation of Multilingual Sentence Embeddings for
Cross-lingual News Recommendation*, 2024. As published, a file's language stands in its folder's
name alone: ``eng_Latn``, or ``eng_Latn-ron_Latn`` for a pair.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import polars as pl

from training.data import language_files
from training.data.parquet import TEXTS, read_columns, read_schema
from training.data.problems import ROW, Problems
from training.data.sheets import Sheet, read_json_lines
from training.errors import UnreadableData

Names = Mapping[str, Sequence[str]]
"""Our columns, and what a file may call each; the first one that it has counts."""

TEXT_COLUMNS: Final[Names] = {"language": ("language", "lang"), "text": ("text",)}
PARALLEL_COLUMNS: Final[Names] = {
    "source_language": ("src_lang", "source_language", "source_lang", "src_language"),
    "target_language": ("tgt_lang", "target_language", "target_lang", "tgt_language"),
    "source": ("src", "source", "src_text", "source_text"),
    "target": ("tgt", "target", "tgt_text", "target_text"),
}
FOLDER: Final = re.compile(r"([a-z]{3}_[A-Z][a-z]{3})(?:-([a-z]{3}_[A-Z][a-z]{3}))?")
"""A folder or a file's stem that names one language, or two."""
JSON_LINES: Final = (".jsonl", ".ndjson")


@dataclass(frozen=True, eq=False)
class Texts:
    """Single texts: ``frame`` holds ``language`` and ``text``, one text a row."""

    frame: pl.DataFrame

    def __len__(self) -> int:
        return self.frame.height


@dataclass(frozen=True, eq=False)
class ParallelTexts:
    """Pairs that say the same: ``source_language``, ``target_language``, ``source``, ``target``."""

    frame: pl.DataFrame

    def __len__(self) -> int:
        return self.frame.height


def read_texts(path: Path, problems: Problems | None = None) -> Texts:
    """The texts of a Parquet or JSON-lines file, of a folder of such files, or of text files.

    A folder that holds neither is read by ``language_files``, without blank lines. Raises
    UnreadableData for what cannot be read or has no column of ``TEXT_COLUMNS`` (the language
    may stand in the file's or a folder's name), and, unless ``problems`` skips them, for rows
    without a text or a language.
    """
    problems = problems or Problems()
    if tables := _tables(path):
        return Texts(pl.concat([_table(one, TEXT_COLUMNS, problems) for one in tables]))
    files = language_files.language_files(path)
    texts = {one: language_files.read_texts(paths) for one, paths in files.items()}
    frames = [pl.DataFrame({"language": one, "text": found}) for one, found in texts.items()]
    return Texts(pl.concat(frames).filter(pl.col("text").str.strip_chars() != ""))


def read_parallel(
    path: Path, pivot: str | None = None, problems: Problems | None = None
) -> ParallelTexts:
    """The pairs of a Parquet or JSON-lines file, of a folder of such files, or of text files.

    Of text files (``language_files``), every two languages are a pair, line by line, in
    alphabetical order. With a ``pivot`` only the pairs that hold this language, as the source.
    Raises UnreadableData for what cannot be read, has no column of ``PARALLEL_COLUMNS`` (the
    languages may stand in the file's or a folder's name), holds not the pivot, or has unequal
    numbers of lines, and, unless ``problems`` skips them, for rows that lack a side.
    """
    problems = problems or Problems()
    if tables := _tables(path):
        frame = pl.concat([_table(one, PARALLEL_COLUMNS, problems) for one in tables])
        return ParallelTexts(frame if pivot is None else _from_pivot(path, frame, pivot))
    files = language_files.language_files(path)
    if len(files) == 1 or (pivot is not None and pivot not in files):
        expected = "two languages" if pivot is None else f"{pivot} and other languages"
        raise UnreadableData(f"{path}: expected {expected}, found {', '.join(files)}")
    texts = language_files.read_parallel(files, problems)
    if pivot is None:
        pairs = list(combinations(texts, 2))
    else:
        pairs = [(pivot, other) for other in texts if other != pivot]
    return ParallelTexts(pl.concat([_pair(texts, *pair) for pair in pairs]))


def _pair(texts: Mapping[str, pl.Series], source: str, target: str) -> pl.DataFrame:
    columns = {"source": texts[source], "target": texts[target]}
    languages = {"source_language": source, "target_language": target}
    return pl.DataFrame({**languages, **columns}).drop_nulls()


def _from_pivot(path: Path, frame: pl.DataFrame, pivot: str) -> pl.DataFrame:
    turned = frame.select(
        target_language="source_language",
        source_language="target_language",
        target="source",
        source="target",
    ).select(frame.columns)
    forth = frame.filter(pl.col("source_language") == pivot)
    back = turned.filter(pl.col("source_language") == pivot, pl.col("target_language") != pivot)
    if forth.is_empty() and back.is_empty():
        raise UnreadableData(f"{path}: expected pairs with {pivot}, found none")
    return pl.concat([forth, back])


def _tables(path: Path) -> list[Path]:
    """The file itself, or those in the folder and in the folders within."""
    if not path.is_dir():
        return [path]
    return sorted(p for p in path.rglob("*") if _is_parquet(p) or p.suffix in JSON_LINES)


def _is_parquet(path: Path) -> bool:
    """Published under ``train.parquet.gzip``, among others."""
    return ".parquet" in path.suffixes


def _table(path: Path, names: Names, problems: Problems) -> pl.DataFrame:
    sheet = _sheet(path, names, problems)
    chosen = {ours: next((n for n in of if n in sheet.columns), None) for ours, of in names.items()}
    stated = _stated(path, names)
    for ours, theirs in chosen.items():
        if theirs is None and ours not in stated:
            wanted, there = " or ".join(names[ours]), ", ".join(sheet.columns)
            raise UnreadableData(f"{path}: expected a column {wanted}, found {there}")
    frame = sheet.frame.select(
        (pl.lit(stated[ours]) if theirs is None else pl.col(theirs).fill_null("")).alias(ours)
        for ours, theirs in chosen.items()
    )
    whole = pl.all_horizontal(pl.all().str.strip_chars() != "")
    bad = pl.Series(sheet.lines, dtype=pl.Int64).filter(frame.select(~whole).to_series()).to_list()
    found = ["an empty cell"] * len(bad)
    problems.meet(path, bad, f"values of {', '.join(names)}", found, sheet.place)
    return frame.filter(whole)


def _stated(path: Path, names: Names) -> Mapping[str, str]:
    """The languages that the nearest part of the path with any states."""
    matches = (
        FOLDER.fullmatch(part) for part in (path.name.partition(".")[0], *path.parts[-2::-1])
    )
    groups = next((match.groups() for match in matches if match), (None, None))
    found = [language for language in groups if language]
    wanted = [name for name in names if name.endswith("language")]
    return dict(zip(wanted, found, strict=True)) if len(wanted) == len(found) else {}


def _sheet(path: Path, names: Names, problems: Problems) -> Sheet:
    if path.suffix in JSON_LINES:
        return read_json_lines(path, problems)
    wanted = {name for synonyms in names.values() for name in synonyms}
    there = [name for name in read_schema(path) if name in wanted]
    frame = read_columns(path, dict.fromkeys(there, TEXTS))
    return Sheet(frame.drop("row"), frame["row"].to_list(), ROW)
