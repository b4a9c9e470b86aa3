"""``newsstand-train study``."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


class Scales(StrEnum):
    """How much of the data, and for how long."""

    small = "small"
    full = "full"


def study(
    name: Annotated[str, typer.Argument(help="lm-grid, mtrec, nase or tiny-newsrec.")],
    data: Annotated[
        list[Path] | None, typer.Option(help="Folders that hold the data sets, by their names.")
    ] = None,
    scale: Annotated[
        Scales, typer.Option(help="small: minutes a row on two cores; full: everything.")
    ] = Scales.small,
    row: Annotated[
        list[str] | None, typer.Option(help="A row, with those that it needs; else all rows.")
    ] = None,
    work: Annotated[
        Path, typer.Option(help="Finished rows are kept there; what was cut off goes on.")
    ] = Path("runs/studies"),
    report: Annotated[
        Path | None, typer.Option(help="A folder for results.json, .md and .html.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Such as encoder=FOLDER."),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="Rows made at a time, each in a process, on a GPU if any.")
    ] = 1,
    show: Annotated[
        bool, typer.Option("--show", help="Print settings and plan, and do nothing.")
    ] = False,
) -> None:
    """Make a paper's table again, row by row, on the data at hand."""
    from training.studies.names import built, find
    from training.studies.plan import plan, shown

    if show:
        settings = find(name).settings(scale.value).changed(changes or ())
        typer.echo(settings.model_dump_json(indent=2))
    origin = partial(built, name, tuple(data or ()), tuple(changes or ()), scale.value)
    made, place = origin(), work / name
    steps = plan(made, place, row or ())
    console = Console()
    console.print(shown(made, steps))
    if show:
        return
    if report is None:
        raise typer.BadParameter("say --report FOLDER, or --show to see the plan")
    from training.studies.parallel import Pool, run_at_once, visible_devices
    from training.studies.report import HTML, write_report
    from training.studies.running import run

    if jobs == 1:
        results = run(made, steps, place)
    else:
        results = run_at_once(Pool(origin, jobs, visible_devices()), made, steps, place)
    for one in write_report(report, results):
        console.print(f"{one.verdict}: {one.finding.claim}")
    typer.echo(f"{report / HTML} has it all")
    if results.failed:
        raise typer.Exit(1)
