"""Scoring impressions as the service scores them: encoder, float16, newest clicks, user model.

Shapes: N news, H history, C candidates, D dimensions, S all candidates of a log.
"""

import numpy as np
from numpy.typing import NDArray

from model_store import late_fusion
from model_store.inputs import ArticleReader
from model_store.news_encoder import NewsEncoder
from model_store.user_models import UserModel
from training.data.impressions import ImpressionLog
from training.data.news import NewsTable
from training.data.ragged import Int64
from training.progress import tracked

Float16 = NDArray[np.float16]
Float64 = NDArray[np.float64]

CHUNK = 512


def encode_news(
    encoder: NewsEncoder, reader: ArticleReader, news: NewsTable, rows: Int64
) -> Float16:
    """The vectors of ``rows`` at their places (N×D), rounded to float16 as the service stores
    them; the other rows are zero.
    """
    vectors_ND = np.zeros((len(news), encoder.dimension), np.float16)
    inputs = [reader.read(fields) for fields in news.fields(rows)]
    starts = range(0, len(inputs), CHUNK)
    for start in tracked(starts, f"Encoding {len(inputs):,} news", len(starts)):
        chunk = slice(start, start + CHUNK)
        vectors_ND[rows[chunk]] = encoder.encode(inputs[chunk]).astype(np.float16)
    return vectors_ND


def score(
    log: ImpressionLog, vectors_ND: Float16, users: UserModel, history_length: int
) -> Float64:
    """Every candidate's score (S,); candidates of a reader without clicks all tie at 0.

    Of a longer history the newest ``history_length`` clicks count; repeats are kept.
    """
    scores_S = np.zeros(len(log.labels))
    newest, starts = log.history.last(history_length), log.candidates.starts
    for position in tracked(range(len(log)), "Scoring", len(log)):
        history = newest[position]
        if len(history):
            interest = users.interest(vectors_ND[history], log.users[position])
            candidates_CD = vectors_ND[log.candidates[position]]
            place = slice(starts[position], starts[position + 1])
            scores_S[place] = late_fusion.relevance(candidates_CD, interest.queries_QD)
    return scores_S
