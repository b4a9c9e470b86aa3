"""Scoring impressions as the service scores them: encoder, float16, newest clicks, late fusion.

Shapes: N news, H history, C candidates, D dimensions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model_store.late_fusion import FUSIONS, Fusion, relevance
from model_store.news_encoder import NewsEncoder
from model_store.text import render
from training.data.impressions import Impression, News, NewsId
from training.progress import tracked

Float16 = NDArray[np.float16]
Float64 = NDArray[np.float64]
Vectors = Mapping[NewsId, Float16]
"""Each news item's vector (D,), as the service stores it."""

CHUNK = 512


def needed(impressions: Iterable[Impression]) -> list[NewsId]:
    """Every id that the impressions name, once, in order of appearance."""
    return list(
        dict.fromkeys(
            news_id
            for impression in impressions
            for news_id in (*impression.history, *impression.candidates)
        )
    )


def encode_news(encoder: NewsEncoder, template: str, news: Sequence[News]) -> Vectors:
    """The vector of every item, rounded to float16 as the service stores it."""
    texts = [render(template, item.fields()) for item in news]
    starts = range(0, len(texts), CHUNK)
    chunks = [
        encoder.encode(texts[start : start + CHUNK]).astype(np.float16)
        for start in tracked(starts, f"Encoding {len(texts):,} news", len(starts))
    ]
    rows = (row_D for chunk_ND in chunks for row_D in chunk_ND)
    return {item.news_id: row_D for item, row_D in zip(news, rows, strict=True)}


def score(
    impressions: Iterable[Impression],
    vectors: Vectors,
    history_length: int,
    fusion: Fusion = FUSIONS["mean"],
) -> Iterator[Float64 | None]:
    """Each impression's scores (C,), or None where the history is empty.

    Of a longer history the newest ``history_length`` clicks count; repeats are kept.
    """
    for impression in impressions:
        if not impression.history:
            yield None
            continue
        newest = impression.history[-history_length:]
        queries_QD = fusion.queries(np.stack([vectors[news_id] for news_id in newest]))
        candidates_CD = np.stack([vectors[news_id] for news_id in impression.candidates])
        yield relevance(candidates_CD, queries_QD)
