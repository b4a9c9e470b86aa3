"""An encoder whole: all that turns a text into its vector.

Shapes: N texts, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn.functional import normalize

from training.encoders.folder import EncoderFolder, read_folder
from training.encoders.huggingface import (
    default_pooling,
    load_encoder,
    load_tokenizer,
    most_tokens,
)
from training.encoders.kinds import Pooling
from training.encoders.sentence_encoder import SentenceEncoder, padded
from training.errors import BadRecipe

BATCH: Final = 64

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class WholeEncoder:
    """A sentence encoder with its tokenizer, and what its folder says of both."""

    folder: EncoderFolder
    module: SentenceEncoder
    tokenizer: Tokenizer
    """It cuts texts off, and adds no padding."""
    pooling: Pooling
    prefix: str

    def read(self, texts: Sequence[str]) -> list[list[int]]:
        """Each text's token ids as the encoder reads them, behind the prefix."""
        return self.told([self.prefix + text for text in texts])

    def told(self, texts: Sequence[str]) -> list[list[int]]:
        """Each text's token ids as they are."""
        return [text.ids for text in self.tokenizer.encode_batch_fast(list(texts))]

    @torch.inference_mode()
    def vectors(self, texts: Sequence[str]) -> Float32:
        """The texts' vectors (N×D) at length 1, by the encoder as it stands."""
        device, learning = next(self.module.parameters()).device, self.module.training
        ids = self.read(texts)
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        rows = [order[first : first + BATCH] for first in range(0, len(order), BATCH)]
        self.module.eval()
        parts = [self.module(*padded([ids[row] for row in some], device)) for some in rows]
        self.module.train(learning)
        vectors: Float32 = normalize(torch.cat(parts)).cpu().numpy()[np.argsort(order)]
        return vectors


def load_whole(path: Path, max_tokens: int, prefix: str | None = None) -> WholeEncoder:
    """The encoder in a Hugging Face folder; ``prefix`` None is what the folder says.

    Raises UnusableEncoder, and BadRecipe for more tokens than it can read.
    """
    folder = read_folder(path)
    pooling = folder.pooling or default_pooling(folder)
    module, tokenizer = load_encoder(folder, pooling), load_tokenizer(folder)
    most = most_tokens(module)
    if most is not None and max_tokens > most:
        raise BadRecipe(f"max_tokens: {path} reads at most {most} tokens, not {max_tokens}")
    transformer: Any = module.transformer
    if getattr(transformer, "pooler", None) is not None:
        transformer.pooler = None  # no vector comes from it
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    said = folder.prefix if prefix is None else prefix
    return WholeEncoder(folder, module, tokenizer, pooling, said)
