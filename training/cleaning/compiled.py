"""A corpus, compiled: read, cleaned language by language, and written as PolyNews is kept."""

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from training.cleaning.report import Account, CleaningReport, Dropped, Reason
from training.cleaning.settings import Cleaning
from training.cleaning.steps import Known, Step, steps
from training.cleaning.text import normalised
from training.data.polynews import read_parallel, read_texts
from training.data.problems import Problems
from training.errors import NotWritable, UnreadableData
from training.progress import tracked

TABLE: Final = "train.parquet"
REPORT: Final = "report.json"
SINGLE: Final = {"text": "language"}
PAIRED: Final = {"source": "source_language", "target": "target_language"}
"""Columns of texts, and of their languages."""
PUBLISHED: Final = {
    "source_language": "src_lang",
    "target_language": "tgt_lang",
    "source": "src",
    "target": "tgt",
}
"""Our columns, and what PolyNewsParallel calls them."""


@dataclass(frozen=True)
class Corpus:
    """Texts to clean, or pairs of texts, and their columns: ``SINGLE`` or ``PAIRED``."""

    frame: pl.DataFrame
    sides: Mapping[str, str]

    @classmethod
    def of_texts(cls, folder: Path, problems: Problems) -> "Corpus":
        """By ``read_texts``. Raises UnreadableData."""
        return cls(read_texts(folder, problems).frame, SINGLE)

    @classmethod
    def of_pairs(cls, folder: Path, pivot: str | None, problems: Problems) -> "Corpus":
        """By ``read_parallel``. Raises UnreadableData."""
        return cls(read_parallel(folder, pivot, problems).frame, PAIRED)

    def only(self, languages: Collection[str]) -> "Corpus":
        """What is in these languages, on both sides. Raises UnreadableData if one is not there."""
        there = self.languages
        for language in languages:
            if language not in there:
                raise UnreadableData(f"no text is in {language}; there are {', '.join(there)}")
        in_them = pl.all_horizontal(pl.col(*self.sides.values()).is_in(list(languages)))
        return Corpus(self.frame.filter(in_them), self.sides)

    @property
    def languages(self) -> list[str]:
        """Sorted."""
        return sorted(
            {one for column in self.sides.values() for one in self.frame[column].unique()}
        )

    @property
    def parts(self) -> list[tuple[str, ...]]:
        """Each language, or each two that there are pairs of; sorted."""
        return sorted(self.frame.select(*self.sides.values()).unique().iter_rows())

    def part(self, languages: tuple[str, ...]) -> pl.DataFrame:
        """All rows in a language, or of two, in their order."""
        return self.frame.filter(**dict(zip(self.sides.values(), languages, strict=True)))


def compiled(
    corpus: Corpus, out: Path, settings: Cleaning, problems: Problems | None = None
) -> CleaningReport:
    """Write what stays into ``out``: a folder with a Parquet file for each language or pair, which
    ``read_texts`` or ``read_parallel`` reads back, and ``report.json``, when all is done.

    The order of the texts is kept, and the same corpus gives the same files. Memory beside the
    corpus itself is that of one language or pair: under 1 kB a text. Raises UnreadableData for
    an empty corpus or what is no language or script, and NotWritable, before anything is cleaned.
    """
    if corpus.frame.is_empty():
        raise UnreadableData("there is no text to clean")
    known = {language: Known.of(language, settings) for language in corpus.languages}
    _make_empty(out)
    accounts = []
    for languages in tracked(corpus.parts, "Cleaning"):
        sides = dict(zip(corpus.sides, (known[one] for one in languages), strict=True))
        kept, account = cleaned(corpus.part(languages), languages, steps(sides, settings))
        accounts.append(account)
        if account.kept:
            _write(kept, out / "-".join(languages))
    skipped = {} if problems is None else dict(problems.counts)
    report = CleaningReport(accounts, settings, *_unknown(known, settings), skipped)
    with _written_to(out):
        (out / REPORT).write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
    return report


def _unknown(known: Mapping[str, Known], settings: Cleaning) -> tuple[list[str], list[str]]:
    """Languages without a known script, and those that the identifier does not know."""
    script = [language for language, of in known.items() if not of.scripts]
    asked = known.items() if settings.language_check else ()
    return script, [language for language, of in asked if of.label is None]


def cleaned(
    rows: pl.DataFrame, languages: tuple[str, ...], asked: list[Step]
) -> tuple[pl.DataFrame, Account]:
    """The rows of one part that stay, their texts normalised, and what became of the others."""
    columns = list(SINGLE if len(languages) == 1 else PAIRED)
    left = rows.with_columns(normalised(rows[column]) for column in columns)
    left = left.with_row_index("number", offset=1)
    dropped: dict[Reason, Dropped] = {}
    for step in asked:
        gone = step.goes(left)
        if count := int(gone.sum()):
            first = int(left["number"].filter(gone).item(0))
            before = dropped.get(step.reason, Dropped(0, first))
            dropped[step.reason] = Dropped(before.count + count, min(before.example, first))
            left = left.filter(~gone)
    return left.drop("number"), Account(languages, len(rows), len(left), dropped)


def _make_empty(folder: Path) -> None:
    """Before the work, not after it. Raises NotWritable."""
    with _written_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise NotWritable(f"{folder} is not empty; say another folder")
        with tempfile.TemporaryFile(dir=folder):
            pass


def _write(frame: pl.DataFrame, folder: Path) -> None:
    """With PolyNewsParallel's own names of columns. Raises NotWritable."""
    with _written_to(folder):
        folder.mkdir()
        frame.rename(PUBLISHED, strict=False).write_parquet(folder / TABLE)


@contextmanager
def _written_to(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotWritable(f"{folder} cannot be written: {error.strerror}") from error
