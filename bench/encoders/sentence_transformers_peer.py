"""sentence-transformers on torch's CPU. It runs in an environment of its own:

    python3.11 -m venv bench/out/peers/sentence-transformers
    bench/out/peers/sentence-transformers/bin/pip install \
        -r bench/encoders/sentence_transformers.txt
"""

from dataclasses import dataclass

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from bench.encoders.answering import answer

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class SentenceTransformers:
    """The folder's own pipeline: tokenising, sorted by length, pooling, length 1."""

    model: SentenceTransformer
    batch_size: int
    threads: int

    def given(self, texts: list[str]) -> list[str]:
        """The texts as they are, and torch with its threads."""
        torch.set_num_threads(self.threads)
        return texts

    def encode(self, given: list[str]) -> np.ndarray:
        """The vectors, in order."""
        return self.model.encode(given, batch_size=self.batch_size, show_progress_bar=False)


def opened(folder: str, precision: str, batch_size: int, threads: int) -> SentenceTransformers:
    """The encoder in a Hugging Face folder."""
    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    return SentenceTransformers(model.to(DTYPES[precision]).eval(), batch_size, threads)


if __name__ == "__main__":
    answer(opened)
