"""``newsstand-train``: make artefacts, and measure them.

torch and transformers are imported by the commands that need them, so that ``--help`` answers
at once.
"""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, NoReturn

import typer
from rich.console import Console

from model_store.errors import ModelStoreError
from model_store.store import ModelStore
from training.encoders.kinds import Pooling
from training.errors import NotWritable, TrainingError
from training.tables import metrics_table, parity_table, remarks

app = typer.Typer(
    name="newsstand-train",
    help="Turn encoders into artefacts, and evaluate artefacts on click logs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
STORE: Final = "NEWSSTAND_MODEL_STORE"
TRAINING_EXTRA: Final = frozenset(
    {"onnx", "onnxruntime", "onnxscript", "polars", "safetensors", "torch", "transformers"}
)
"""What ``newsstand[training]`` brings and a bare install lacks."""


class Exported(StrEnum):
    """The precisions that an export can write."""

    fp32 = "fp32"
    int8 = "int8"


@app.command()
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
        list[Exported] | None, typer.Option(help="fp32 is always made; both if left out.")
    ] = None,
    promote: Annotated[bool, typer.Option(help="Let production point to it.")] = False,
) -> None:
    """Turn a Hugging Face encoder into a new version of an artefact."""
    if centring and not centring_texts:
        raise typer.BadParameter("say --centring-texts FILE, or --no-centring to do without")
    from training.export import from_folder, int8

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
    quantise = int8.quantise if Exported.int8 in (precision or Exported) else None
    artefact = from_folder.export_folder(folder, store, name, wishes, quantise=quantise)
    manifest = artefact.manifest
    typer.echo("Parity with torch, before centring:")
    Console().print(parity_table(manifest.parity))
    typer.echo(f"{manifest.reference} is in {artefact.folder}")
    if promote:
        ModelStore.at(store).promote(manifest.name, manifest.version)
        typer.echo(f"{manifest.name}@production is now {manifest.reference}")


@app.command()
def evaluate(
    reference: Annotated[str, typer.Argument(help="NAME, NAME@VERSION or NAME@ALIAS.")],
    data: Annotated[Path, typer.Option(help="A folder in MIND's format.")],
    store: Annotated[
        Path | None, typer.Option(envvar=STORE, help="Searched before the shipped artefacts.")
    ] = None,
    news: Annotated[
        list[Path] | None, typer.Option(help="Further folders or news.tsv files.")
    ] = None,
    precision: Annotated[
        Literal["auto", "fp32", "int8"], typer.Option(help="auto: what the service would choose.")
    ] = "auto",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures there, too.")
    ] = None,
) -> None:
    """AUC, MRR and nDCG of an artefact on a click log, computed as the service would score it."""
    from training.evaluation.evaluate import evaluate_artefact

    artefact = ModelStore.at(store).load(reference)
    evaluation = evaluate_artefact(
        artefact, data, tuple(news or ()), None if precision == "auto" else precision
    )
    Console().print(metrics_table(evaluation.report))
    typer.echo(remarks(evaluation))
    if json_file is not None:
        _write(json_file, json.dumps(evaluation.as_json(), indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotWritable(f"{path} cannot be written: {error.strerror}") from error


def main() -> None:
    """The command, with errors as one line on standard error and exit status 1."""
    try:
        app()
    except (TrainingError, ModelStoreError) as error:
        _end(str(error))
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in TRAINING_EXTRA:
            raise
        _end(f"{missing} is not installed; pip install 'newsstand[training]' brings it")


def _end(reason: str) -> NoReturn:
    typer.echo(f"newsstand-train: {reason}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
