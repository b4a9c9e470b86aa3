"""``newsstand-train run``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model_store.store import ModelStore
from training.commands.options import STORE


def run(
    recipe: Annotated[str, typer.Argument(help="A built-in recipe, or a .json file.")],
    data: Annotated[
        Path | None, typer.Option(help="A folder in MIND's or EB-NeRD's format.")
    ] = None,
    validate: Annotated[
        Path | None, typer.Option(help="Such a folder; else the last day of --data.")
    ] = None,
    validation: Annotated[
        bool, typer.Option(help="Choose the best epoch; without, train on all to the end.")
    ] = True,
    news: Annotated[
        list[Path] | None, typer.Option(help="Further folders or news.tsv files.")
    ] = None,
    sentiment: Annotated[
        Path | None, typer.Option(help="What label-sentiment wrote, for a sentiment head.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Such as training.epochs=3."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the recipe and do nothing.")] = False,
    folder: Annotated[
        Path, typer.Option(help="For checkpoints and logs; a run that was cut off goes on.")
    ] = Path("runs"),
    store: Annotated[Path | None, typer.Option(envvar=STORE, help="Export to this store.")] = None,
    name: Annotated[str | None, typer.Option(help="The artefact's name; the recipe's.")] = None,
    int8: Annotated[bool, typer.Option("--int8", help="Export int8 beside fp32.")] = False,
    fp16: Annotated[bool, typer.Option("--fp16", help="Export fp16, for GPUs, too.")] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave malformed lines out and count them.")
    ] = False,
    promote: Annotated[bool, typer.Option(help="Let production point to the artefact.")] = False,
) -> None:
    """Train a recipe, and export what came of it."""
    from training.recipes import find

    chosen = find(recipe).changed(changes or ())
    if show:
        typer.echo(chosen.model_dump_json(indent=2))
        return
    if data is None:
        raise typer.BadParameter("say --data FOLDER, or --show to see the recipe")
    from training.data.problems import Problems
    from training.loop import speaks
    from training.run import read_training, train
    from training.tables import metrics_table

    if validate is not None and not validation:
        raise typer.BadParameter("--validate and --no-validation exclude each other")
    if store is not None:
        from training.export.artefact import check_writable

        check_writable(store, name or chosen.name)
    problems = Problems(skip=skip_bad)
    logs = read_training(data, validate, news or (), sentiment, problems, validation=validation)
    for what, count in problems.counts.items():
        typer.echo(f"{count:,} skipped: {what}", err=True)
    trained = train(chosen, logs, folder / (name or chosen.name))
    if not speaks():  # another process of the same run does the rest
        return
    losses = ", ".join(f"{loss:.4f}" for loss in trained.progress.losses) or "nothing to learn"
    typer.echo(f"{chosen.name}: {trained.progress.epoch} epochs; loss {losses}")
    if trained.validation is not None:
        Console().print(metrics_table(trained.validation))
    if store is not None:
        from training.export.from_recipe import export_trained
        from training.export.precisions import FP16, INT8

        roundings = {**(INT8 if int8 else {}), **(FP16 if fp16 else {})}
        artefact = export_trained(trained, store, name or chosen.name, roundings=roundings)
        typer.echo(f"{artefact.manifest.reference} is in {artefact.folder}")
        if promote:
            ModelStore.at(store).promote(artefact.manifest.name, artefact.manifest.version)
            typer.echo(f"{artefact.manifest.name}@production is {artefact.manifest.reference}")
