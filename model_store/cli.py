"""``newsstand-models``: look at a model store and move its aliases."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from model_store.artefact import read, read_manifest
from model_store.errors import Damaged, ModelStoreError
from model_store.manifest import Manifest
from model_store.store import DEFAULT_ALIAS, ModelStore

app = typer.Typer(
    name="newsstand-models",
    help="List, check and promote the versions in a model store.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Store = Annotated[
    Path | None,
    typer.Option(
        "--store",
        envvar="NEWSSTAND_MODEL_STORE",
        help="A writable store, searched before the shipped artefacts.",
    ),
]
Name = Annotated[str, typer.Argument(help="The artefact's name.")]
Reference = Annotated[str, typer.Argument(help="NAME, NAME@VERSION or NAME@ALIAS.")]
AliasName = Annotated[str, typer.Option("--alias", help="The alias to move.")]


@app.command("list")
def list_(store: Store = None) -> None:
    """All artefacts, their versions and the aliases that point to them."""
    models = ModelStore.at(store)
    model = Column("model", no_wrap=True)  # what the other commands are to be told
    table = Table(model, "created", "dimension", "scoring", "precisions", "aliases", box=None)
    damaged: list[Damaged] = []
    for name in models.names():
        aliases = models.aliases(name)
        for version in models.versions(name):
            pointing = [alias for alias, held in aliases.items() if held.version == version]
            try:
                manifest = read_manifest(models.folder(f"{name}@{version}"))
                table.add_row(*_row(manifest, pointing))
            except Damaged as error:
                damaged.append(error)
    if table.row_count:
        Console().print(table)
    elif not damaged:
        typer.echo(f"No artefacts in {', '.join(map(str, models.roots))}.")
    for problem in damaged:
        typer.echo(f"newsstand-models: {problem}", err=True)
    if damaged:
        raise typer.Exit(1)


def _row(manifest: Manifest, aliases: Iterable[str]) -> tuple[str, ...]:
    return (
        manifest.reference,
        f"{manifest.created_at:%Y-%m-%d %H:%M}",
        str(manifest.dimension),
        manifest.scoring.kind,
        " ".join(sorted(manifest.parity)),
        " ".join(sorted(aliases)),
    )


@app.command()
def show(reference: Reference, store: Store = None) -> None:
    """One artefact's manifest, as JSON."""
    typer.echo(read_manifest(ModelStore.at(store).folder(reference)).model_dump_json(indent=2))


@app.command()
def verify(
    references: Annotated[
        list[str] | None, typer.Argument(help="What to check; everything if left out.")
    ] = None,
    store: Store = None,
) -> None:
    """Check every file against its manifest's digest."""
    models = ModelStore.at(store)
    everything = [f"{name}@{v}" for name in models.names() for v in models.versions(name)]
    failed = False
    for reference in references or everything:
        try:
            artefact = read(models.folder(reference))
        except ModelStoreError as error:
            failed = True
            typer.echo(f"{reference}: {error}", err=True)
        else:
            typer.echo(f"{artefact.manifest.reference}: ok, {len(artefact.manifest.files)} files")
    if failed:
        raise typer.Exit(1)


@app.command()
def promote(
    reference: Annotated[str, typer.Argument(help="NAME@VERSION.")],
    alias: AliasName = DEFAULT_ALIAS,
    store: Store = None,
) -> None:
    """Point an alias to a version, after checking that version."""
    models = ModelStore.at(store)
    manifest = read_manifest(models.folder(reference))
    models.promote(manifest.name, manifest.version, alias)
    typer.echo(f"{manifest.name}@{alias} is now {manifest.reference}")


@app.command()
def rollback(name: Name, alias: AliasName = DEFAULT_ALIAS, store: Store = None) -> None:
    """Point an alias back to the version before."""
    version = ModelStore.at(store).rollback(name, alias)
    typer.echo(f"{name}@{alias} is now {name}@{version}")


@app.command()
def prune(
    name: Name,
    keep: Annotated[int, typer.Option(min=1, help="How many of the newest versions stay.")] = 3,
    store: Store = None,
) -> None:
    """Remove old versions that no alias needs."""
    removed = ModelStore.at(store).prune(name, keep)
    typer.echo(f"removed: {', '.join(f'{name}@{v}' for v in removed) or 'nothing'}")


def main() -> None:
    """The command, with errors as one line on standard error and exit status 1."""
    try:
        app()
    except ModelStoreError as error:
        typer.echo(f"newsstand-models: {error}", err=True)
        sys.exit(1)
