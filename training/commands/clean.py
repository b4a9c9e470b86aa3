"""``newsstand-train clean``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def clean(
    folder: Annotated[
        Path, typer.Argument(help="Texts by language: PolyNews, JSON lines, or plain files.")
    ],
    out: Annotated[Path, typer.Option(help="A new or empty folder for what stays.")],
    parallel: Annotated[
        bool, typer.Option("--parallel", help="The folder holds pairs that say the same.")
    ] = False,
    pivot: Annotated[
        str | None, typer.Option(help="Only pairs with this language, as the source.")
    ] = None,
    languages: Annotated[
        str | None, typer.Option(help="Only these, with commas, as the folder names them.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Jaccard similarity of near-duplicates; 0.9.")
    ] = None,
    language_check: Annotated[
        bool, typer.Option(help="Drop what is in another language than it is said to be.")
    ] = True,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Such as least_letters=10."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave malformed lines out and count them.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print the settings and do nothing.")
    ] = False,
) -> None:
    """Clean a corpus: damaged, wrong script or language, said before; and report what went."""
    from training.cleaning.compiled import REPORT, Corpus, compiled
    from training.cleaning.settings import Cleaning
    from training.data.problems import Problems

    said = [] if threshold is None else [f"threshold={threshold}"]
    said += [] if language_check else ["language_check=false"]
    settings = Cleaning().changed([*said, *(changes or ())])
    if show:
        typer.echo(settings.model_dump_json(indent=2))
        return
    if pivot is not None and not parallel:
        raise typer.BadParameter("--pivot is for pairs: say --parallel too")
    problems = Problems(skip=skip_bad)
    if parallel:
        corpus = Corpus.of_pairs(folder, pivot, problems)
    else:
        corpus = Corpus.of_texts(folder, problems)
    if languages is not None:
        corpus = corpus.only(languages.replace(",", " ").split())
    report = compiled(corpus, out, settings, problems)
    Console().print(report.table())
    for what, unknown in (("script", report.unknown_script), ("language", report.unknown_language)):
        if unknown:
            typer.echo(f"not checked for their {what}, which is not known: {', '.join(unknown)}")
    if problems.skipped:
        typer.echo(f"{problems.skipped:,} malformed lines were skipped")
    typer.echo(f"{report.kept:,} of {report.read:,} are in {out}; {out / REPORT} says why")
