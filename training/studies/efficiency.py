"""What a trained recommender costs where it is served: its size, and its speed on one CPU thread.

It is exported as ``newsstand-train run`` exports it, and what is measured is the export.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from torch import nn

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.news_encoder import NewsEncoder
from training.export.from_recipe import export_trained, representative
from training.run import Trained
from training.studies.study import Column

SECTION: Final = "Efficiency"
MILLIONS: Final = "millions of parameters"
MEGABYTES: Final = "megabytes"
SPEED: Final = "texts a second"
ROUNDS: Final = 3


@dataclass(frozen=True)
class Efficiency:
    """A recommender's figures."""

    parameters: int
    """All numbers of the news encoder and the user encoder, the table of word pieces too."""
    onnx_bytes: int
    """Of their files in fp32."""
    texts_per_second: float
    """That the news encoder's file reads in a second of one thread's processor time."""

    def figures(self) -> dict[str, float]:
        """As a row's figures (``columns``)."""
        return {
            MILLIONS: self.parameters / 1e6,
            MEGABYTES: self.onnx_bytes / 1e6,
            SPEED: self.texts_per_second,
        }


def efficiency(trained: Trained, texts: int) -> Efficiency:
    """Export, and encode so many of the training log's news. Raises as ``export_trained`` does."""
    with tempfile.TemporaryDirectory() as folder:
        artefact = export_trained(trained, Path(folder), "measured", texts=texts)
        encoder = NewsEncoder(artefact, "fp32", threads=1)
        speed = texts_per_second(encoder, representative(trained, texts))
        return Efficiency(parameters_of(trained.recommender), onnx_bytes(artefact), speed)


def texts_per_second(encoder: NewsEncoder, news: Sequence[NewsInputs]) -> float:
    """By the processor's time, which others on the machine take none of; the best of three."""
    return max(_rounds(encoder, news))


def parameters_of(module: nn.Module) -> int:
    """All of its parameters, those that do not learn too."""
    return sum(parameter.numel() for parameter in module.parameters())


def onnx_bytes(artefact: Artefact) -> int:
    """What the graphs of an artefact take on a disk."""
    files = artefact.manifest.files.items()
    return sum(entry.size for name, entry in files if name.endswith(".onnx"))


def columns() -> Iterator[Column]:
    """The figures' columns."""
    yield Column(MILLIONS, "parameters (M)", SECTION)
    yield Column(MEGABYTES, "ONNX, fp32 (MB)", SECTION)
    yield Column(SPEED, "texts/s, one CPU thread", SECTION)


def _rounds(encoder: NewsEncoder, news: Sequence[NewsInputs]) -> Iterator[float]:
    for _ in range(ROUNDS):
        started = time.process_time()
        encoder.encode(news)
        yield len(news) / (time.process_time() - started)
