"""The study's texts: what encoders are adapted to, and the sentences that they have to find.

NTREX's last documents are for finding, and nothing learns from them: wherever one of their
sentences stands in another source, it is left out.
"""

from collections.abc import Iterable
from typing import Final

import polars as pl

from training.corpus.sources import ntrex
from training.data.polynews import ParallelTexts, Texts, read_parallel, read_texts
from training.data.tables import read_table
from training.data.texts import evenly
from training.studies.nase.paths import Paths

SENTENCE_ENDS: Final = r"[.!?…]\W*\s+|\n+"
LEAST_WORDS: Final = 4
"""What is shorter is no sentence but a by-line or a caption's rest."""


def single_texts(paths: Paths, language: str) -> Texts:
    """NTREX's sentences that may be learned from, headlines and sentences of articles, and more.

    Each text once in its language. Raises UnreadableData.
    """
    frames = [pl.DataFrame({"language": one, "text": lines}) for one, lines in _learned(paths)]
    for path in paths.articles:
        news = read_table(path).frame
        bodies = news["body"].str.replace_all(SENTENCE_ENDS, "$0\n").str.split("\n").explode()
        sentences = bodies.str.strip_chars().drop_nulls()
        long = sentences.filter(sentences.str.count_matches(r"\S+") >= LEAST_WORDS)
        found = pl.concat([news["title"], long.alias("title")])
        frames.append(pl.DataFrame({"language": language, "text": found}))
    frames += [read_texts(path).frame.select("language", "text") for path in paths.texts]
    texts = pl.concat(frames).unique(maintain_order=True)
    return Texts(_without(_held_out(paths), texts, ["text"]))


def parallel_texts(paths: Paths) -> ParallelTexts:
    """NTREX's English sentences that may be learned from with each translation, and more pairs.

    Raises UnreadableData.
    """
    (pivot, english), *others = _learned(paths)
    frames = [
        pl.DataFrame(
            {
                "source_language": pivot,
                "target_language": language,
                "source": english,
                "target": lines,
            }
        )
        for language, lines in others
    ]
    more = [read_parallel(path).frame for path in paths.pairs]
    pairs = pl.concat([*frames, *(one.select(frames[0].columns) for one in more)])
    return ParallelTexts(_without(_held_out(paths), pairs, ["source", "target"]))


def held_out_sentences(paths: Paths, most: int | None) -> dict[str, list[str]]:
    """NTREX's sentences of the documents that nothing learns from, by language, English first.

    Line by line parallel. Raises UnreadableData.
    """
    chosen = _held_out_lines(paths, most)
    return {
        language: [sentences[line] for line in chosen]
        for name, language in ntrex.LANGUAGES.items()
        for sentences in [ntrex.sentences(paths.ntrex, name)]
    }


def held_out_documents(paths: Paths, most: int | None) -> list[str]:
    """Which document each of ``held_out_sentences`` stands in. Raises UnreadableData."""
    documents = ntrex.documents(paths.ntrex)
    return [documents[line] for line in _held_out_lines(paths, most)]


def _held_out_lines(paths: Paths, most: int | None) -> list[int]:
    lines = ntrex.held_out_lines(paths.ntrex)
    return lines if most is None else evenly(lines, most)


def _held_out(paths: Paths) -> pl.Series:
    """All held-out sentences, as they are ``_compared``."""
    sentences = [s for lines in held_out_sentences(paths, None).values() for s in lines]
    return pl.DataFrame({"text": sentences}).select(_compared("text")).to_series()


def _without(held: pl.Series, frame: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """The rows that hold none of these sentences in any of the columns."""
    return frame.filter(~pl.any_horizontal(_compared(one).is_in(held.implode()) for one in columns))


def _compared(column: str) -> pl.Expr:
    """Letters and digits alone: sources differ in case, spaces and marks."""
    return pl.col(column).str.to_lowercase().str.replace_all(r"\W+", "")


def _learned(paths: Paths) -> list[tuple[str, list[str]]]:
    lines = ntrex.learned_lines(paths.ntrex)
    return [
        (language, [sentences[line] for line in lines])
        for name, language in ntrex.LANGUAGES.items()
        for sentences in [ntrex.sentences(paths.ntrex, name)]
    ]
