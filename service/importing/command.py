"""``newsstand import``: one source into one running service, from where the last run stopped."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from rich.console import Console

from service.importing.addresses import without_password
from service.importing.batches import MOST_ITEMS
from service.importing.checkpoint import Checkpoint, Progress, StateFile, Unremembered
from service.importing.client import connect, target
from service.importing.display import Display
from service.importing.patience import DEFAULT_PATIENCE, Patience
from service.importing.report import ImportReport
from service.importing.run import IN_FLIGHT, Run
from service.importing.sources.formats import (
    SourceFormat,
    default_language,
    detect,
    open_source,
    shown_name,
)

NO_COLUMNS: Final[Mapping[str, str]] = MappingProxyType({})


def import_articles(
    source: str,
    *,
    to: str,
    state_folder: Path,
    console: Console,
    api_key: str | None = None,
    source_format: SourceFormat | None = None,
    language: str | None = None,
    columns: Mapping[str, str] = NO_COLUMNS,
    batch_size: int = 500,
    again: bool = False,
    allow_private: bool = False,
    patience: Patience = DEFAULT_PATIENCE,
) -> ImportReport:
    """Import ``source`` (a file, or a feed's address) into the service at ``to``.

    A file's progress is kept in ``state_folder``, and a run goes on where the last one stopped;
    ``again`` starts anew. ``language`` is for articles that state none, ``columns`` maps an
    article's fields to a table's columns, ``allow_private`` lets a public feed redirect into a
    private network. Rejected records are listed on ``console`` and counted.

    Raises ImportStopped; what was acknowledged before stays imported and is remembered, also when
    KeyboardInterrupt ends it. Raises ValueError for a batch size outside 1 to 1,000.
    """
    if not 1 <= batch_size <= MOST_ITEMS:
        raise ValueError(f"a batch has 1 to {MOST_ITEMS:,} articles, not {batch_size}")
    source_format = source_format or detect(source)
    opened = open_source(source, source_format, columns=columns, allow_private=allow_private)
    language = language or default_language(source_format)
    options = {"language": language or "", **{f"--column {c}": columns[c] for c in columns}}
    checkpoint = _checkpoint(state_folder, source, source_format, to, options)
    before = checkpoint.read()
    display = Display(console, shown_name(source))
    if before.finished and not again:
        display.say(_nothing_left(source, before, to))
        return ImportReport(skipped=before.acknowledged)
    before = Progress() if again else before
    checkpoint.acknowledge(before.acknowledged, before.rejected)
    with display:
        run = Run(opened, checkpoint, display, language, batch_size, before)
        return _running(run, to, api_key, patience)


def _running(run: Run, to: str, api_key: str | None, patience: Patience) -> ImportReport:
    async def send() -> None:
        async with connect(to, api_key, patience, IN_FLIGHT) as client:
            await run.send(client)

    began = time.monotonic()
    try:
        asyncio.run(send())
    except BaseException:
        if run.acknowledged and isinstance(run.checkpoint, StateFile):
            run.display.say(
                f"Stopped after {run.acknowledged:,} records: the next run goes on there "
                "(--again starts anew)"
            )
        raise
    return run.report(time.monotonic() - began)


def _checkpoint(
    folder: Path, source: str, source_format: SourceFormat, to: str, options: Mapping[str, str]
) -> Checkpoint:
    service = str(target(to))
    if source_format is SourceFormat.FEED:
        return Unremembered()
    return StateFile.of(folder, Path(source), service, {"format": source_format, **options})


def _nothing_left(source: str, before: Progress, to: str) -> str:
    service = without_password(target(to)).rstrip("/")
    rejected = f", where {before.rejected:,} were rejected" if before.rejected else ""
    return (
        f"Nothing is left of {source}: its {before.acknowledged:,} records were all sent to "
        f"{service}{rejected} (--again sends them anew)"
    )
