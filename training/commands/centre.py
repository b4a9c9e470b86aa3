"""``newsstand-train centre``."""

from pathlib import Path
from typing import Annotated

import typer

from model_store.store import ModelStore
from training.commands.options import STORE


def centre(
    reference: Annotated[str, typer.Argument(help="NAME, NAME@VERSION or NAME@ALIAS.")],
    centring_texts: Annotated[
        list[Path],
        typer.Option(help="MIND folder or news.tsv, .jsonl with titles, or one title a line."),
    ],
    store: Annotated[Path, typer.Option(envvar=STORE, help="The store to write to.")],
    name: Annotated[str | None, typer.Option(help="The new artefact's; else the same.")] = None,
    promote: Annotated[bool, typer.Option(help="Let production point to it.")] = False,
) -> None:
    """Subtract the mean of your own news from an artefact's vectors, as a new version of it."""
    from training.export.centring_texts import read_sources
    from training.export.recentre import recentre

    models = ModelStore.at(store)
    artefact = models.load(reference)
    sources = read_sources(centring_texts, artefact.manifest.text.template)
    made = recentre(artefact, store, name or artefact.manifest.name, sources).manifest
    typer.echo(f"{made.reference} is in {store}")
    if promote:
        models.promote(made.name, made.version)
        typer.echo(f"{made.name}@production is now {made.reference}")
