"""What the service was told to hold, and what not any more: kept by whoever tells it.

Moments are seconds of one clock that only grows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Article = Mapping[str, Any]
"""An article as it is sent, without its id."""

SPREAD_SECONDS: Final = 1.0
"""So soon every worker and replica knows of an article or a withdrawal."""


@dataclass
class Shelf:
    """The articles that this test has published. An id that was withdrawn never comes back."""

    articles: dict[str, Article] = field(default_factory=dict)
    """Live, by id, in the order in which they came."""
    _gone: dict[str, float] = field(default_factory=dict)
    _categories: dict[str, str] = field(default_factory=dict)

    def published(self, article_id: str, article: Article) -> None:
        """The service has acknowledged this article."""
        if article_id not in self._gone:
            self.articles[article_id] = article
            self._categories[article_id] = str(article.get("category", ""))

    def withdrawing(self, article_id: str) -> None:
        """From now on it may be missing; nothing of it counts any more."""
        self.articles.pop(article_id, None)

    def withdrawn(self, article_id: str, moment: float) -> None:
        """The service has acknowledged the withdrawal."""
        self.withdrawing(article_id)
        self._gone[article_id] = moment

    def gone(self, article_id: str, asked: float) -> bool:
        """Whether a request sent at this moment may not be answered with the article."""
        return self._gone.get(article_id, float("inf")) <= asked - SPREAD_SECONDS

    def elsewhere(self, article_id: str, categories: frozenset[str]) -> bool:
        """Whether the article is known to be of none of these categories."""
        category = self._categories.get(article_id)
        return category is not None and category not in categories

    def from_source(self, source: str) -> Iterator[str]:
        """The live articles of a source."""
        return (a for a, article in self.articles.items() if article.get("source") == source)
