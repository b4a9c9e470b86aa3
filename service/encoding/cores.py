"""How many cores this process may really use."""

import os
from collections.abc import Iterator
from pathlib import Path


def cores(root: Path = Path("/")) -> int:
    """The cores that the process may run on, or, where its control group has a quota of less, the
    whole cores in that; at least 1. ``root`` is where ``proc`` and ``sys`` are found.

    A container sees all of its machine's cores. Threads beyond its quota are stopped together for
    the rest of each period, and make encoding slower.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min([allowed or 1, *(int(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """The quotas, in cores, of the process's control groups and of all groups above them."""
    groups = root / "sys/fs/cgroup"
    for controllers, group in _memberships(root / "proc/self/cgroup"):
        trees = ("", "unified") if not controllers else (controllers, "cpu")
        for tree in trees:
            for folder in (group, *group.parents):
                yield from _quota_of(groups / tree / folder)


def _memberships(file: Path) -> Iterator[tuple[str, Path]]:
    """The controllers (none in version 2) and the group of each hierarchy that concerns the CPU."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return  # no Linux
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            yield controllers, Path(group.lstrip("/"))


def _quota_of(folder: Path) -> Iterator[float]:
    of_version_2 = _words(folder / "cpu.max")
    of_version_1 = [*_words(folder / "cpu.cfs_quota_us"), *_words(folder / "cpu.cfs_period_us")]
    for words in (of_version_2, of_version_1):
        if len(words) == 2 and words[0] not in ("max", "-1"):
            yield int(words[0]) / int(words[1])


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split()
    except OSError:
        return []  # a group's folder is not always shown inside a container
