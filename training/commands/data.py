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
    path: Annotated[
        Path, typer.Argument(help="A MIND or EB-NeRD folder, a table of titles, or texts.")
    ],
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave malformed lines out and count them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """News, readers, impressions, clicks, languages and lengths, as the papers state them."""
    from training.data.any_format import read_any
    from training.data.problems import Problems
    from training.data.stats import stats_of
    from training.data.stats_table import stats_table

    problems = Problems(skip=skip_bad)
    found = stats_of(read_any(path, problems))
    if as_json:
        typer.echo(json.dumps(found.as_json() | {"skipped": dict(problems.counts)}, indent=2))
        return
    Console().print(stats_table(found))
    for what, count in problems.counts.items():
        typer.echo(f"{count:,} skipped: {what}", err=True)
