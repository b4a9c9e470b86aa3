"""The encoder port over the artefact's ONNX encoder, off the event loop."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.news_encoder import NewsEncoder
from service.ports import Vectors


class OnnxEncoder:
    """Encodes in one thread of its own, batch after batch; ONNX Runtime uses the cores."""

    def __init__(self, artefact: Artefact, device: str, threads: int) -> None:
        """Raises model_store.errors.Damaged if the encoder does not load."""
        precision = artefact.manifest.best_precision(device)
        self._encoder = NewsEncoder(artefact, precision, device=device, threads=threads)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")

    @property
    def dimension(self) -> int:
        """D."""
        return self._encoder.dimension

    @property
    def precision(self) -> str:
        """The precision that runs."""
        return self._encoder.precision

    async def encode(self, news: Sequence[NewsInputs]) -> Vectors:
        """See ``ports.Encoder``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._encode, news)

    def close(self) -> None:
        """Let the running batch end and stop the thread."""
        self._thread.shutdown()

    def _encode(self, news: Sequence[NewsInputs]) -> Vectors:
        return self._encoder.encode(news).astype(np.float16)
