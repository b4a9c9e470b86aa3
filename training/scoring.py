"""A log's impressions scored by a recommender in torch.

Shapes: N news, B batch, H history, C candidates, D dimensions, S all candidates of a log.
"""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.impressions import ImpressionLog
from training.data.ragged import Int64, Ragged
from training.encoding import KeptNews, news_vectors
from training.examples import ReaderCodes, padded
from training.models.news.encoder import NewsEncoder
from training.models.recommender import Recommender

CHUNK: Final = 512
IMPRESSIONS: Final = 256

Float64 = NDArray[np.float64]


@torch.inference_mode()
def vectors_of(encoder: NewsEncoder, kept: KeptNews, rows: Int64, device: torch.device) -> Tensor:
    """The vectors of ``rows`` at their places in a table of all news (N×D); zero elsewhere."""
    encoder.eval()
    count = len(next(iter(kept.codes.values())))
    vectors_ND = torch.zeros(count, encoder.dimension, device=device)
    for first in range(0, len(rows), CHUNK):
        some = rows[first : first + CHUNK]
        vectors_ND[torch.from_numpy(some)] = news_vectors(encoder, kept.batch(some).to(device))
    return vectors_ND


@torch.inference_mode()
def scores_of(
    recommender: Recommender,
    kept: KeptNews,
    log: ImpressionLog,
    readers: ReaderCodes,
    history_length: int,
    device: torch.device | None = None,
) -> Float64:
    """Every candidate's score (S,), parallel to ``log.candidates.values``.

    The newest ``history_length`` clicks count; candidates of a reader without clicks all tie.
    """
    device = device or torch.device("cpu")
    recommender.eval()
    news_ND = vectors_of(recommender.news, kept, log.seen(), device)
    scores_S = np.zeros(len(log.labels), np.float64)
    history, codes = log.history.last(history_length), readers.codes(log.users)
    # Impressions of like length in one batch: little padding, and no score depends on it.
    order = np.argsort(log.candidates.lengths, kind="stable")
    for first in range(0, len(order), IMPRESSIONS):
        chosen = order[first : first + IMPRESSIONS]
        candidates_BC, shown_BC = _padded(log.candidates, chosen)
        history_BH, mask_BH = _padded(history, chosen)
        readers_B = torch.from_numpy(codes[chosen]).to(device)
        scores_BC = recommender.scores(
            news_ND, history_BH.to(device), mask_BH.to(device), candidates_BC.to(device), readers_B
        )
        places = log.candidates.places(chosen)
        scores_S[places] = scores_BC.cpu().numpy()[shown_BC.numpy() == 1]
    empty_S = np.repeat(log.history.lengths == 0, log.candidates.lengths)
    scores_S[empty_S] = 0
    return scores_S


def _padded(lists: Ragged, chosen: Int64) -> tuple[Tensor, Tensor]:
    some = lists.take(chosen)
    rows_BX, mask_BX = padded(some.values, some.lengths)
    return torch.from_numpy(rows_BX), torch.from_numpy(mask_BX)
