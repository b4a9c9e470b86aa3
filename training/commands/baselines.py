"""``newsstand-train baselines``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def baselines(
    data: Annotated[Path, typer.Option(help="A folder in MIND's or EB-NeRD's format.")],
    prior: Annotated[Path | None, typer.Option(help="An earlier log, whose clicks count.")] = None,
    news: Annotated[
        list[Path] | None, typer.Option(help="Further folders or news.tsv files.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="A folder for report.html and report.json.")
    ] = None,
) -> None:
    """Popularity, recency, chance and the reader's categories on a click log; no text is needed."""
    from training.data.logs import read_logs
    from training.evaluation.baseline_report import report_of_baselines, write_baselines
    from training.evaluation.pages import HTML
    from training.tables import group_section_table, systems_table

    log, *earlier = read_logs([data] if prior is None else [data, prior], news or ())
    found = report_of_baselines(log, str(data), earlier[0] if earlier else None)
    console = Console()
    console.print(systems_table(found.systems))
    for section in found.sections():
        console.print(group_section_table(section))
    typer.echo("; ".join(f"{name}: {fact}" for name, fact in found.facts.items()))
    if report is not None:
        write_baselines(report, found)
        typer.echo(f"{report / HTML} has it all")
