"""``newsstand-train label-sentiment``."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.sentiment.labeller import Labeller


class Labellers(StrEnum):
    """Who says what a title's sentiment is."""

    vader = "vader"
    head = "head"


def label_sentiment(
    data: Annotated[Path, typer.Argument(help="A MIND or EB-NeRD folder, or a table of titles.")],
    out: Annotated[Path, typer.Option(help="A CSV, which run --sentiment reads.")],
    labeller: Annotated[
        Labellers,
        typer.Option(help="vader: a lexicon, for English; head: learned from --sentences."),
    ] = Labellers.vader,
    sentences: Annotated[
        Path | None,
        typer.Option(help="NewsMTSC's train.jsonl: says how often the labeller is right."),
    ] = None,
    encoder: Annotated[
        Path | None, typer.Option(help="A Hugging Face folder, for head; of any languages.")
    ] = None,
    prefix: Annotated[
        str | None, typer.Option(help="Put before every text; else as the folder says.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave malformed lines out and count them.")
    ] = False,
) -> None:
    """Give the titles of news a sentiment: negative, neutral or positive."""
    if labeller is Labellers.vader and (encoder or prefix is not None):
        raise typer.BadParameter("--encoder and --prefix are for --labeller head")
    from training.data.any_format import read_any
    from training.data.problems import Problems
    from training.data.titled import check_titled
    from training.sentiment.accuracy import Accuracy
    from training.sentiment.label import head_over, label
    from training.sentiment.sentences import read_sentences
    from training.sentiment.table import check_writable, write_sentiments

    check_writable(out)
    problems = Problems(skip=skip_bad)
    news = read_any(data, problems).news
    check_titled(news, str(data))
    known = None if sentences is None else read_sentences(sentences, problems)
    if labeller is Labellers.vader:
        from training.sentiment.vader import check_english, vader

        check_english(news)
        chosen: Labeller = vader
    elif known is None or encoder is None:
        raise typer.BadParameter("head learns from --sentences FILE, over --encoder FOLDER")
    else:
        chosen = head_over(encoder, prefix, known.known)
    if known is not None:
        typer.echo(f"{labeller.value}: {Accuracy.of(chosen, known.held_out)}")
    found = label(news, chosen)
    write_sentiments(out, found)
    for what, count in problems.counts.items():
        typer.echo(f"{count:,} skipped: {what}", err=True)
    typer.echo(f"{len(found):,} of {len(news):,} news have a title; their sentiments are in {out}")
