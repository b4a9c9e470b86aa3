"""The cores that the control group really gives."""

import os
from pathlib import Path

import pytest

from service.encoding.cores import cores


@pytest.fixture(autouse=True)
def _a_large_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)


def tree(root: Path, membership: str, files: dict[str, str]) -> Path:
    """A machine's files under ``root``."""
    for name, text in {"proc/self/cgroup": membership, **files}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return root


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("max 100000", 16),
        ("400000 100000", 4),
        ("250000 100000", 2),
        ("50000 100000", 1),
        ("9900000 100000", 16),
    ],
)
def test_version_2(tmp_path: Path, quota: str, expected: int) -> None:
    assert cores(tree(tmp_path, "0::/", {"sys/fs/cgroup/cpu.max": quota})) == expected


def test_the_smallest_quota_on_the_way_up_counts(tmp_path: Path) -> None:
    quotas = {
        "sys/fs/cgroup/kubepods/cpu.max": "300000 100000",
        "sys/fs/cgroup/kubepods/pod/cpu.max": "max 100000",
        "sys/fs/cgroup/kubepods/pod/container/cpu.max": "600000 100000",
    }
    assert cores(tree(tmp_path, "0::/kubepods/pod/container", quotas)) == 3


@pytest.mark.parametrize("folder", ["cpu,cpuacct", "cpu"])
@pytest.mark.parametrize(("quota", "expected"), [("-1", 16), ("150000", 1), ("300000", 3)])
def test_version_1(tmp_path: Path, folder: str, quota: str, expected: int) -> None:
    group = f"sys/fs/cgroup/{folder}/docker/abc"
    files = {f"{group}/cpu.cfs_quota_us": quota, f"{group}/cpu.cfs_period_us": "100000"}
    membership = "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:cpuset:/docker/abc"
    assert cores(tree(tmp_path, membership, files)) == expected


def test_a_container_that_does_not_see_its_group_reads_the_root(tmp_path: Path) -> None:
    files = {
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    }
    assert cores(tree(tmp_path, "4:cpu,cpuacct:/docker/not-shown-here", files)) == 2


def test_without_control_groups_the_cores_allowed_count(tmp_path: Path) -> None:
    assert cores(tmp_path) == 16
