"""By the words of a lexicon, and rules for negation, degree and capitals; English alone.

Hutto & Gilbert, *VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media
Text*, ICWSM 2014. ``vaderSentiment`` is their own package.
"""

from collections.abc import Sequence
from typing import Final

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from training.data.news import NewsTable
from training.errors import BadRecipe

MILD: Final = 0.05
"""Their threshold: a compound score nearer to 0 than that is neutral."""
READABLE: Final = ("", "en")
"""Languages of news that are taken for English; a log that states none is trusted."""


def vader(texts: Sequence[str]) -> list[str]:
    """The texts' sentiments (``Labeller``)."""
    analyser = SentimentIntensityAnalyzer()
    return [sentiment(analyser.polarity_scores(text)["compound"]) for text in texts]


def sentiment(compound: float) -> str:
    """Of a compound score between −1 and 1."""
    if abs(compound) < MILD:
        return "neutral"
    return "positive" if compound > 0 else "negative"


def check_english(news: NewsTable) -> None:
    """Raises BadRecipe for news that say that they are in another language."""
    others = sorted(set(news.column("language")) - set(READABLE))
    if others:
        raise BadRecipe(f"vader reads English, and there are news in {', '.join(others)}")
