"""``newsstand-train data``: what a folder holds."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(help="Look at data before training on them.", no_args_is_help=True)


@app.callback()
def data() -> None:
    """Look at data before training on them."""


@app.command()
def stats(
    folder: Annotated[Path, typer.Argument(help="A folder in MIND's or EB-NeRD's format.")],
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave malformed lines out and count them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """News, readers, impressions, clicks, languages and lengths, as the papers state them."""
    from training.data.logs import read_log
    from training.data.problems import Problems
    from training.data.stats import stats_of
    from training.data.stats_table import stats_table

    problems = Problems(skip=skip_bad)
    found = stats_of(read_log(folder, problems))
    if as_json:
        typer.echo(json.dumps(found.as_json() | {"skipped": dict(problems.counts)}, indent=2))
        return
    Console().print(stats_table(found))
    for what, count in problems.counts.items():
        typer.echo(f"{count:,} skipped: {what}", err=True)
