"""``newsstand-train post-train``."""

from pathlib import Path
from typing import Annotated

import typer


def post_train(
    folder: Annotated[
        Path | None, typer.Argument(help="A Hugging Face folder: config, weights, tokenizer.")
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[LAYOUT=]PATH",
            help="News with bodies or abstracts: a table with a header, or LAYOUT is mind, "
            "msn-bodies or ag-news.",
        ),
    ] = None,
    work: Annotated[
        Path, typer.Option(help="For the copies of the encoder; what was cut off goes on.")
    ] = Path("runs/post-train"),
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Such as learning.batch_size=16."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the settings and do nothing.")
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave malformed rows out and count them.")
    ] = False,
) -> None:
    """Teach an encoder which title belongs to which body, before it learns from clicks."""
    from training.post_training.settings import PostTraining

    settings = PostTraining().changed(changes or ())
    if show:
        typer.echo(settings.model_dump_json(indent=2))
        return
    if folder is None or not pairs:
        raise typer.BadParameter("say FOLDER and --pairs")
    from training.data.problems import Problems
    from training.loop import speaks
    from training.post_training.contrastive import post_train as teach
    from training.post_training.pairs import file_of, read_pairs

    problems = Problems(skip=skip_bad)
    read = read_pairs([file_of(stated) for stated in pairs], problems)
    for what, count in problems.counts.items():
        typer.echo(f"{count:,} skipped: {what}", err=True)
    trained = teach(folder, read, settings, work)
    if speaks():
        losses = ", ".join(f"{loss:.4f}" for loss in trained.losses)
        typer.echo(f"{len(read):,} pairs; loss {losses}; {trained.newest} is the newest copy")
