"""What is measured, on what, and with which texts."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import faiss
import onnxruntime as ort

from bench.data import SAMPLE
from bench.machine import describe
from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.manifest import Precision
from model_store.sessions import Device
from model_store.store import ModelStore
from training.minilm import folder

NAME = "news-minilm"


@dataclass(frozen=True)
class Job:
    """``device``: what the encoder runs on; ``rows``: the sizes of the indexes to search."""

    store: Path
    artefact: Artefact
    device: Device
    texts: tuple[str, ...]
    source: str
    rows: tuple[int, ...]
    queries: int

    @property
    def news(self) -> list[NewsInputs]:
        """The texts, as an encoder takes them."""
        return [NewsInputs(text) for text in self.texts]

    @property
    def precision(self) -> Precision:
        """What the service would take on this device."""
        return self.artefact.manifest.best_precision(self.device)


def built(store: Path) -> Artefact:
    """all-MiniLM-L6 in fp32, int8 and fp16, as the command exports it; built once."""
    if not (store / NAME).exists():
        arguments = [str(folder()), "--store", str(store), "--name", NAME, "--languages", "en"]
        precisions = ["--precision", "int8", "--precision", "fp16"]
        centring = ["--centring-texts", str(SAMPLE), "--promote"]
        command = [sys.executable, "-m", "training.cli", "export", *arguments]
        subprocess.run([*command, *precisions, *centring], check=True)
    return ModelStore.at(store).load(NAME)


def facts(job: Job) -> dict[str, object]:
    """What the measurement ran on."""
    return {
        "machine": describe(),
        "device": job.device,
        "gpus": _gpus(),
        "onnxruntime": ort.__version__,
        "onnxruntime_providers": ort.get_available_providers(),
        "faiss": faiss.__version__,
        "faiss_gpus": faiss.get_num_gpus(),
        "model": job.artefact.manifest.reference,
        "precision": job.precision,
        "texts": f"{len(job.texts)} titles, {job.source}",
    }


def _gpus() -> list[str]:
    """Name, memory and driver of each GPU, as its driver's tool says."""
    query = "--query-gpu=name,memory.total,driver_version"
    try:
        said = subprocess.run(
            ["nvidia-smi", query, "--format=csv,noheader"], capture_output=True, text=True
        )
    except FileNotFoundError:
        return []
    return said.stdout.strip().splitlines() if said.returncode == 0 else []
