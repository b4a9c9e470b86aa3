"""``newsstand-train evaluate``."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from model_store.store import ModelStore
from training.commands.options import STORE
from training.errors import NotWritable
from training.tables import metrics_table, remarks


def evaluate(
    reference: Annotated[str, typer.Argument(help="NAME, NAME@VERSION or NAME@ALIAS.")],
    data: Annotated[Path, typer.Option(help="A folder in MIND's or EB-NeRD's format.")],
    store: Annotated[
        Path | None, typer.Option(envvar=STORE, help="Searched before the shipped artefacts.")
    ] = None,
    news: Annotated[
        list[Path] | None, typer.Option(help="Further folders or news.tsv files.")
    ] = None,
    precision: Annotated[
        Literal["auto", "fp32", "fp16", "int8"],
        typer.Option(help="auto: what the service would choose."),
    ] = "auto",
    prior: Annotated[
        Path | None, typer.Option(help="An earlier log, for the baselines and for novelty.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Another artefact, compared in pairs.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="A folder for report.html and report.json.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the model's figures there, too.")
    ] = None,
) -> None:
    """AUC, MRR and nDCG of an artefact on a click log, computed as the service would score it."""
    from training.data.logs import read_logs
    from training.evaluation.evaluate import evaluate_on, whole_report
    from training.evaluation.pages import HTML, write_report

    if report is None and (prior is not None or against is not None):
        raise typer.BadParameter("--prior and --against are for a --report FOLDER")
    models, chosen = ModelStore.at(store), None if precision == "auto" else precision
    artefact, other = models.load(reference), None if against is None else models.load(against)
    log, *earlier = read_logs([data] if prior is None else [data, prior], news or ())
    evaluation = evaluate_on(artefact, log, str(data), chosen)
    Console().print(metrics_table(evaluation.report))
    typer.echo(remarks(evaluation))
    if report is not None:
        beside = None if other is None else evaluate_on(other, log, str(data), chosen)
        write_report(report, whole_report(evaluation, earlier[0] if earlier else None, beside))
        typer.echo(f"{report / HTML} has it all, beside the baselines")
    if json_file is not None:
        _write(json_file, json.dumps(evaluation.as_json(), indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotWritable(f"{path} cannot be written: {error.strerror}") from error
