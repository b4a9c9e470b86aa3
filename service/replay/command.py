"""``newsstand replay``: from a log's folders to a report."""

import asyncio
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from service.composition import find_artefact
from service.errors import SetupError
from service.replay import report
from service.replay.formats import open_log
from service.replay.log import Log
from service.replay.run import replay
from service.settings import Settings


def replay_log(
    folders: Sequence[Path],
    settings: Settings,
    scenarios: Sequence[str],
    out: Path,
    console: Console,
    last: int | None = None,
) -> None:
    """Play the log and write the report; of the impressions the ``last`` are measured, or all.

    Raises SetupError.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end in order, Valkey too
    _plotting()
    log = open_log(folders)
    artefact = find_artefact(settings)
    impressions = len(log.impressions)
    first = 0 if last is None else max(impressions - last, 0)
    with tempfile.TemporaryDirectory() as scratch, Progress(console=console, transient=True) as bar:
        task = bar.add_task("Playing the log", total=impressions)
        own = settings.model_copy(update={"data_dir": Path(scratch), "redis_url": None})
        measured = asyncio.run(
            replay(log, artefact, own, scenarios, first, lambda n: bar.update(task, completed=n))
        )
    unmeasured = [name for name, measures in measured.items() if not measures.values]
    if unmeasured:
        raise SetupError("no impression of the log has both clicked and other articles")
    facts = _facts(log, folders, artefact.manifest.reference, impressions - first)
    report.write(out, facts, measured)
    console.print(facts.as_text())
    console.print(report.terminal_table(measured))
    console.print(f"The whole report: {out / 'report.html'}")


def _plotting() -> None:
    """Raises SetupError before the work begins where its plot could not be drawn."""
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as error:
        raise SetupError("the plot needs matplotlib: pip install 'newsstand[replay]'") from error


def _facts(log: Log, folders: Sequence[Path], model: str, measured: int) -> report.Facts:
    return report.Facts(
        data=" + ".join("/".join(folder.parts[-2:]) for folder in folders),
        model=model,
        articles=len(log.articles),
        readers=len({impression.user_id for impression in log.impressions}),
        impressions=len(log.impressions),
        measured=measured,
        clicks=sum(len(impression.clicked) for impression in log.impressions),
        generated_titles=log.generated_titles,
        personal=not log.without_texts,
    )
