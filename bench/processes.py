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
    with serving(module, arguments, core, log) as (_, port):
        yield port


@contextmanager
def serving(
    module: str,
    arguments: Sequence[str],
    core: int | None,
    log: Path,
    python: Path = Path(sys.executable),
) -> Iterator[tuple[int, int]]:
    """Like ``server``; gives the process id, too. ``python`` is that of a peer's environment."""
    with log.open("w") as out:
        process = subprocess.Popen(
            [str(python), "-m", module, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            if core is not None:
                pin(process.pid, core)
            yield process.pid, _port(process, out)
        finally:
            process.terminate()
            process.communicate()


def pin(pid: int, core: int) -> None:
    """Keep a process on one core; without effect where the system cannot."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})


def cpu_seconds(pid: int) -> float:
    """What a process and all below it have used of the processor until now (Linux alone)."""
    used: dict[int, float] = {}
    parent: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        parent[int(stat.parent.name)] = int(fields[1])
        used[int(stat.parent.name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def below(process: int) -> bool:
        return process == pid or (process in parent and below(parent[process]))

    return sum(seconds for process, seconds in used.items() if below(process))


def _port(process: subprocess.Popen[str], log: object) -> int:
    said = []
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if found := READY.search(line):
            return int(found.group(1))
    raise RuntimeError("the server did not come up:\n" + "".join(said[-20:]))
