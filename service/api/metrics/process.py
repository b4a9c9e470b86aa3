"""The processes of a service as metrics: how many there are, what they are, their memory."""

import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Gauge

STATUS: Final = Path("/proc/self/status")
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "own": ("RssAnon",),
    "mapped": ("RssFile", "RssShmem"),
}
"""``mapped`` is files, such as generations, that processes of a machine share: it is in each."""


class ProcessMetrics:
    """Of this process, added up over all of a service."""

    def __init__(self, registry: CollectorRegistry, process: Literal["worker", "encoder"]) -> None:
        self._process = process
        processes = Gauge(
            "newsstand_processes",
            "Processes that run: workers, and the encoder that several workers share",
            ("process",),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.memory = Gauge(
            "newsstand_memory_bytes",
            "Resident memory: own, or mapped from files, which processes share",
            ("process", "kind"),
            registry=registry,
            multiprocess_mode="livesum",
        )
        build = Gauge(
            "newsstand_build_info",
            "1 for the version that runs",
            ("version", "python"),
            registry=registry,
            multiprocess_mode="livemax",
        )
        processes.labels(process).set(1)
        build.labels(metadata.version("newsstand"), platform.python_version()).set(1)

    def tell(self) -> None:
        """Set them, where the system tells (Linux)."""
        if STATUS.exists():
            held = _kilobytes(STATUS.read_text("ascii"))
            for kind, names in KINDS.items():
                amount = sum(held.get(name, 0) for name in names)
                self.memory.labels(self._process, kind).set(1024 * amount)


def _kilobytes(status: str) -> dict[str, int]:
    lines = (line.partition(":") for line in status.splitlines())
    return {name: int(said.split()[0]) for name, _, said in lines if said.endswith(" kB")}
