"""``newsstand-train adapt``: a sentence encoder at home in the news."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.data.impressions import ImpressionLog
    from training.data.problems import Problems


def adapt(
    encoder: Annotated[
        Path | None, typer.Option(help="A Hugging Face folder: a multilingual sentence encoder.")
    ] = None,
    texts: Annotated[
        Path | None, typer.Option(help="Texts by language, for objective dae; see data stats.")
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option(help="Parallel texts, for objectives mt and dae+mt.")
    ] = None,
    pivot: Annotated[
        str | None, typer.Option(help="Of the pairs only those of this language with others.")
    ] = None,
    validate: Annotated[
        list[Path] | None,
        typer.Option(help="A folder in MIND's or EB-NeRD's format, whose MRR chooses; repeatable."),
    ] = None,
    news: Annotated[
        list[Path] | None, typer.Option(help="Further folders or news.tsv files for them.")
    ] = None,
    translated: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LANGUAGE=FILE",
            help="xMIND's translations: the first --validate once more, in this language.",
        ),
    ] = None,
    work: Annotated[Path, typer.Option(help="For checkpoints; what was cut off goes on.")] = Path(
        "runs/adapt"
    ),
    out: Annotated[Path | None, typer.Option(help="The folder to write.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Such as objective=mt."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the settings and do nothing.")
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave malformed lines out and count them.")
    ] = False,
) -> None:
    """Adapt a sentence encoder to the news: NaSE's DAE, MT and DAE+MT."""
    from training.adaptation.settings import Adaptation

    settings = Adaptation().changed(changes or ())
    if show:
        typer.echo(settings.model_dump_json(indent=2))
        return
    if encoder is None or out is None:
        raise typer.BadParameter("say --encoder and --out, or --show to see the settings")
    if translated and not validate:
        raise typer.BadParameter("--translated goes with --validate")
    from training.adaptation.adapt import adapt as make
    from training.adaptation.choice import LateFusionMrr
    from training.data.polynews import read_parallel, read_texts
    from training.data.problems import Problems

    problems = Problems(skip=skip_bad)
    logs = _logs(validate or [], news or [], translated or [], problems)
    found = make(
        settings,
        encoder,
        None if texts is None else read_texts(texts, problems),
        None if pairs is None else read_parallel(pairs, pivot, problems),
        work,
        out,
        LateFusionMrr(logs) if logs else None,
    )
    for what, count in problems.counts.items():
        typer.echo(f"{count:,} skipped: {what}", err=True)
    worth = {mark.step: mark.worth for mark in found.marks}
    if logs:
        typer.echo(f"MRR of late fusion: {worth[found.chosen]:.4f}, before {worth[0]:.4f}")
    typer.echo(f"{settings.name} after {found.chosen:,} steps is in {found.folder}")


def _logs(
    folders: list[Path], news: list[Path], translations: list[str], problems: "Problems"
) -> list["ImpressionLog"]:
    """Each folder's log over its own titles, and the first one's in each further language."""
    from training.data.logs import read_logs
    from training.data.titled import check_titled
    from training.data.xmind import translated

    logs = [read_logs([folder], news, problems)[0] for folder in folders]
    for translation in translations:
        language, equals, file = translation.partition("=")
        if not equals:
            raise typer.BadParameter(f"{translation!r} is not of the form LANGUAGE=FILE")
        told = translated(logs[0].news, Path(file), language, problems)
        logs.append(replace(logs[0], news=told))
    for folder, log in zip(folders, logs, strict=False):
        check_titled(log.news, str(folder))
    return logs
