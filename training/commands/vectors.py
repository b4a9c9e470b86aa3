"""``newsstand-train vectors``."""

from pathlib import Path
from typing import Annotated

import typer


def vectors(
    texts: Annotated[
        list[Path],
        typer.Argument(help="Folders in MIND's format, news.tsv, .jsonl, or a title a line."),
    ],
    out: Annotated[Path, typer.Option(help="A file in GloVe's format.")],
    dimension: Annotated[int, typer.Option(min=1, help="Numbers a word.")] = 100,
    template: Annotated[str, typer.Option(help="What is read of an article.")] = "{title}",
    seed: Annotated[int, typer.Option(min=0)] = 42,
) -> None:
    """Learn static word vectors from texts, where no file of GloVe's is at hand."""
    from training.data.texts import check_template, read_texts
    from training.encoders.ppmi import learn_words
    from training.encoders.words import write_words

    check_template(template)
    read = [text for path in texts for text in read_texts(path, template)]
    words, vectors_VD = learn_words(read, dimension, seed)
    write_words(out, words, vectors_VD)
    typer.echo(f"{out} holds {len(words):,} words of {len(read):,} texts, {dimension} numbers each")
