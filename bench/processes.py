"""Servers under measurement, each a process of its own, pinned to a core where that is possible."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

READY = re.compile(r"ready on http://127\.0\.0\.1:(\d+)")


@contextmanager
def server(module: str, arguments: Sequence[str], core: int | None, log: Path) -> Iterator[int]:
    """Run ``python -m module`` until the block ends; gives the port that it says it listens on."""
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            if core is not None:
                pin(process.pid, core)
            yield _port(process, out)
        finally:
            process.terminate()
            process.communicate()


def pin(pid: int, core: int) -> None:
    """Keep a process on one core; without effect where the system cannot."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})


def _port(process: subprocess.Popen[str], log: object) -> int:
    said = []
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if found := READY.search(line):
            return int(found.group(1))
    raise RuntimeError("the server did not come up:\n" + "".join(said[-20:]))
