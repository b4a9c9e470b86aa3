"""News labelled: each title that there is."""

from pathlib import Path
from typing import Final

from training.adaptation.whole import load_whole
from training.data.news import NewsId, NewsTable
from training.progress import said
from training.sentiment.head import SentimentHead
from training.sentiment.labeller import Labeller
from training.sentiment.sentences import Labelled

MAX_TOKENS: Final = 64


def label(news: NewsTable, labeller: Labeller) -> dict[NewsId, str]:
    """The sentiment of every news item that has a title."""
    titled = news.frame.filter(news.frame["title"].str.strip_chars() != "")
    ids = [NewsId(news_id) for news_id in titled["news_id"]]
    said(f"labelling {len(ids):,} titles")
    return dict(zip(ids, labeller(titled["title"].to_list()), strict=True))


def head_over(encoder: Path, prefix: str | None, sentences: Labelled) -> SentimentHead:
    """A head over a folder's encoder. Raises UnusableEncoder."""
    said(f"learning from {len(sentences):,} sentences")
    return SentimentHead.learned(load_whole(encoder, MAX_TOKENS, prefix), sentences)
