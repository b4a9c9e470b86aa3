"""The field: every contender open, with the settings that are to be tried."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.encoders import folders, runtime_alone
from bench.encoders.answering import Settings
from bench.encoders.contenders import (
    Contender,
    InItsProcess,
    OverHttp,
    Sample,
    of_infinity,
    of_newsstand,
)
from bench.encoders.infinity import infinity
from bench.processes import serving
from model_store.artefact import Artefact

HTTP_SETTINGS: Sequence[Settings] = [
    {"texts_a_request": size, "in_flight": in_flight}
    for size, in_flight in ((32, 8), (128, 2), (128, 4))
]
INFINITY_BATCHES = (16, 32)
INFINITY_ENGINES = (("torch", "fp32"), ("optimum", "fp32"), ("optimum", "int8"))


@dataclass(frozen=True)
class Lane:
    """A contender and its settings: all that there are to try, or the best of them."""

    name: str
    contender: Contender
    settings: Sequence[Settings]
    about: str = ""

    def tried(self, texts: Sequence[str]) -> "Lane":
        """The lane with its best settings, each tried twice: the first time only warms up."""
        rates = []
        for settings in self.settings:
            self.round(texts, settings)
            rates.append(self.round(texts, settings).texts_per_second)
        best = self.settings[rates.index(max(rates))]
        return replace(self, settings=[best])

    def round(self, texts: Sequence[str], settings: Settings | None = None) -> Sample:
        """Encode the texts once, with the best settings if none are said."""
        return self.contender.round(texts, settings or self.settings[0])


@dataclass(frozen=True)
class Peers:
    """The Pythons of the peers' environments, and the weights that they load; None: left out."""

    weights: Path
    sentence_transformers: Path | None
    infinity: Path | None


@dataclass(frozen=True)
class Field:
    """Opens contenders; they run until ``stack`` is left."""

    artefact: Artefact
    peers: Peers
    folder: Path
    stack: ExitStack
    trial: Sequence[str]

    def lanes(self) -> Iterator[Lane]:
        """All of them, with all settings that are worth trying."""
        fp32 = folders.fp32_alone(self.artefact, self.folder / "fp32")
        best = self.artefact.manifest.best_precision("cpu")
        artefacts = {"fp32": fp32} | ({} if best == "fp32" else {best: self.artefact.folder})
        for precision, folder in artefacts.items():
            yield Lane(f"engine {precision}", self._process("ours"), [{"folder": str(folder)}])
            settings = runtime_alone.settings(self.artefact, precision)
            yield Lane(f"runtime {precision}", self._process("runtime_alone"), settings)
        weights = folders.for_peers(self.peers.weights, self.artefact, self.folder / "weights")
        if self.peers.sentence_transformers:
            yield from self._sentence_transformers(self.peers.sentence_transformers, weights)
        for precision, folder in artefacts.items():
            served = of_newsstand(*self.stack.enter_context(self._service(folder)))
            yield Lane(f"service {precision}", served, HTTP_SETTINGS)
        if self.peers.infinity:
            yield from self._infinities(self.peers.infinity, weights)

    def _sentence_transformers(self, python: Path, weights: Path) -> Iterator[Lane]:
        for precision in ("fp32", "bf16"):
            settings = [
                {
                    "folder": str(weights),
                    "precision": precision,
                    "batch_size": size,
                    "threads": threads,
                }
                for threads in {1, len(os.sched_getaffinity(0))}
                for size in (16, 32, 64)
            ]
            process = self._process("sentence_transformers_peer", python)
            yield Lane(f"sentence-transformers {precision}", process, settings)

    def _infinities(self, python: Path, weights: Path) -> Iterator[Lane]:
        for engine, precision in INFINITY_ENGINES:
            folder = weights
            if engine == "optimum":
                target = self.folder / f"onnx-{precision}"
                folder = folders.with_onnx(weights, python, precision, target)
            tried = []
            for size in INFINITY_BATCHES:
                with self._infinity(python, folder, engine, size) as served:
                    lane = Lane("", served, HTTP_SETTINGS[1:2]).tried(self.trial)
                    tried.append(lane.round(self.trial).texts_per_second)
            best = INFINITY_BATCHES[tried.index(max(tried))]
            served = self.stack.enter_context(self._infinity(python, folder, engine, best))
            name = f"infinity {engine} {precision}"
            yield Lane(name, served, HTTP_SETTINGS, f"server's batch size {best}")

    def _process(self, module: str, python: Path = Path(sys.executable)) -> InItsProcess:
        log = self.folder / f"{module}.log"
        return self.stack.enter_context(InItsProcess.started(python, module, log))

    def _service(self, folder: Path) -> AbstractContextManager[tuple[int, int]]:
        store, reference = folder.parent.parent, self.artefact.manifest.reference
        data = Path(tempfile.mkdtemp(dir=self.folder))
        arguments = ["serve", "--port", "0", "--data-dir", str(data)]
        model = ["--model-store", str(store), "--model", reference]
        return serving("service.cli", [*arguments, *model], None, data / "log")

    @contextmanager
    def _infinity(
        self, python: Path, folder: Path, engine: str, batch_size: int
    ) -> Iterator[OverHttp]:
        log = self.folder / "infinity.log"
        with infinity(python, folder, engine, batch_size, log) as (pid, port):
            yield of_infinity(pid, port, self.artefact.manifest.dimension)
