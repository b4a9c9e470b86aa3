"""Centring inside a model: pooled vectors at length 1, minus their mean, at length 1 again.

Shapes: B batch, T tokens, N news, D dimensions.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from training.data.ragged import Int64
from training.data.texts import evenly
from training.encoding import KeptNews, KeptText
from training.models.news.encoder import NewsEncoder
from training.models.pooling import Centred
from training.models.text import TextEncoder

ENOUGH: Final = 20_000
CHUNK: Final = 512


def centre(encoder: NewsEncoder, kept: KeptNews, rows: Int64) -> None:
    """Let every text encoder that centres subtract the mean over ``rows``, or evenly some of them.

    Vectors that are kept already are moved with it.
    """
    for name, text in encoder.text_encoders():
        pool = text.pool
        if isinstance(pool, Centred):
            chosen = np.array(evenly(rows.tolist(), ENOUGH), np.int64)
            pooled = _pooled(text, kept.texts[name], chosen, pool.centre_D.device)
            centre_D = torch.cat(list(pooled)).mean(dim=0)
            pool.centre_D.copy_(centre_D)
            if text.kept == "vectors":
                _move(kept.texts[name], centre_D)


@torch.inference_mode()
def _pooled(
    text: TextEncoder, kept: KeptText, rows: Int64, device: torch.device
) -> Iterator[Tensor]:
    """The rows' vectors before centring, at length 1: the centre is still zero."""
    text.eval()
    for first in range(0, len(rows), CHUNK):
        some = rows[first : first + CHUNK]
        bucket = kept.bucket(some, np.arange(len(some))).to(device)
        yield text.pooled(bucket.kept, bucket.mask_BT)


def _move(kept: KeptText, centre_D: Tensor) -> None:
    values_ND = kept.values
    assert values_ND is not None
    moved = torch.from_numpy(values_ND) - centre_D.cpu()
    there_N1 = np.abs(values_ND).sum(axis=1, keepdims=True) > 0  # rows that were walked
    values_ND[:] = normalize(moved, dim=-1).numpy() * there_N1
