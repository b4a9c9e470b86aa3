"""``newsstand-train export``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from model_store.store import ModelStore
from training.commands.options import STORE
from training.encoders.kinds import Pooling
from training.tables import parity_table


class Exported(StrEnum):
    """The precisions that an export can write."""

    fp32 = "fp32"
    int8 = "int8"
    fp16 = "fp16"


def export(
    folder: Annotated[
        Path, typer.Argument(help="A Hugging Face folder: config, weights, tokenizer.")
    ],
    store: Annotated[Path, typer.Option(envvar=STORE, help="The store to write to.")],
    name: Annotated[str, typer.Option(help="The artefact's name.")],
    pooling: Annotated[
        Pooling | None, typer.Option(help="As the folder says, else mean (causal: last_token).")
    ] = None,
    prefix: Annotated[
        str | None, typer.Option(help="Put before every text, such as 'query: '.")
    ] = None,
    template: Annotated[str, typer.Option(help="An article's fields in braces.")] = "{title}",
    max_tokens: Annotated[
        int | None, typer.Option(min=2, help="As the folder says, else 64.")
    ] = None,
    centring_texts: Annotated[
        list[Path] | None,
        typer.Option(help="MIND folder or news.tsv, .jsonl with titles, or one title a line."),
    ] = None,
    centring: Annotated[
        bool, typer.Option(help="Subtract the mean vector of the centring texts.")
    ] = True,
    centring_limit: Annotated[
        int, typer.Option(min=20, help="At most so many centring texts, evenly chosen.")
    ] = 20_000,
    normalise: Annotated[bool, typer.Option(help="Make every vector's length 1.")] = True,
    languages: Annotated[
        str | None, typer.Option(help="ISO 639-1 codes with commas; as the folder says.")
    ] = None,
    weights_license: Annotated[
        str | None, typer.Option("--license", help="Of the weights; as the folder says.")
    ] = None,
    attribution: Annotated[
        str | None, typer.Option(help="Whose weights these are; the folder's name.")
    ] = None,
    texts_license: Annotated[str, typer.Option(help="Of the texts used.")] = "",
    texts_attribution: Annotated[
        str | None, typer.Option(help="Whose texts these are; the files' names.")
    ] = None,
    precision: Annotated[
        list[Exported] | None,
        typer.Option(help="fp32 is always made; int8 too if left out; fp16 is for GPUs."),
    ] = None,
    promote: Annotated[bool, typer.Option(help="Let production point to it.")] = False,
) -> None:
    """Turn a Hugging Face encoder into a new version of an artefact."""
    if centring and not centring_texts:
        raise typer.BadParameter("say --centring-texts FILE, or --no-centring to do without")
    from training.export import from_folder
    from training.export.precisions import FP16, INT8

    wishes = from_folder.Wishes(
        template=template,
        prefix=prefix,
        pooling=pooling,
        max_tokens=max_tokens,
        normalise=normalise,
        centring_texts=tuple(centring_texts or ()) if centring else (),
        centring_limit=centring_limit,
        languages=None if languages is None else tuple(languages.replace(",", " ").split()),
        weights=attribution,
        weights_license=weights_license,
        texts=texts_attribution,
        texts_license=texts_license,
    )
    chosen = precision or [Exported.int8]
    roundings = {p: r for p, r in {**INT8, **FP16}.items() if p in chosen}
    artefact = from_folder.export_folder(folder, store, name, wishes, roundings=roundings)
    manifest = artefact.manifest
    typer.echo("Parity with torch, before centring:")
    Console().print(parity_table(manifest.parity))
    typer.echo(f"{manifest.reference} is in {artefact.folder}")
    if promote:
        ModelStore.at(store).promote(manifest.name, manifest.version)
        typer.echo(f"{manifest.name}@production is now {manifest.reference}")
