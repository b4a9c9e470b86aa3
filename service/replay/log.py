"""What a click log holds, whatever its format: articles, and impressions with what was clicked.

Times are seconds since 1970; a log without a time zone is read as UTC.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.errors import SetupError


class UnreadableLog(SetupError):
    """A log is not there, or is not as its format says; the text names the file and the place."""


@dataclass(frozen=True, slots=True)
class LoggedArticle:
    """One article; a field that the log leaves empty is an empty string."""

    article_id: str
    title: str
    abstract: str
    category: str
    subcategory: str
    generated: bool
    """Whether the log holds no texts, so that the title only names the article."""


@dataclass(frozen=True, slots=True)
class LoggedClick:
    """One click: when, and how long the article was read, where the log tells."""

    article_id: str
    seconds: float
    dwell_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class LoggedImpression:
    """One list of articles shown to a reader, with what they clicked."""

    user_id: str
    seconds: float
    history: tuple[LoggedClick, ...]
    """What the reader had clicked before their **first** impression in the log, oldest first.

    It stands there alone and is empty at their later impressions: what they have clicked by then
    follows from this history and the clicks in between.
    """
    shown: tuple[str, ...]
    clicked: tuple[LoggedClick, ...]


@dataclass(frozen=True)
class Log:
    """A log in the order of time."""

    articles: Mapping[str, LoggedArticle]
    """Every article that the impressions name, and no other: when else one appeared is unknown."""
    impressions: Sequence[LoggedImpression]
    """Sorted by time; those of one second stay in the log's order."""
    first_seen: Mapping[str, float]
    """For each of the articles, the first moment at which it is shown or clicked."""

    @classmethod
    def of(
        cls, articles: Mapping[str, LoggedArticle], impressions: Iterable[LoggedImpression]
    ) -> "Log":
        """The log of these impressions, which may stand in any order, each article known.

        Raises UnreadableLog where there are no impressions.
        """
        in_time = sorted(impressions, key=lambda impression: impression.seconds)
        if not in_time:
            raise UnreadableLog("the log holds no impressions")
        first_seen: dict[str, float] = {}
        for article_id, seconds in _sightings(in_time):
            first_seen[article_id] = min(seconds, first_seen.get(article_id, seconds))
        named = {article_id: articles[article_id] for article_id in first_seen}
        return cls(named, in_time, first_seen)

    @property
    def generated_titles(self) -> int:
        """How many articles have no text."""
        return sum(article.generated for article in self.articles.values())

    @property
    def without_texts(self) -> bool:
        """Whether most articles have no text: there is nothing to compare them by."""
        return 2 * self.generated_titles > len(self.articles)

    @property
    def began(self) -> float:
        """When the first impression was shown; the histories' clicks are earlier."""
        return self.impressions[0].seconds

    @property
    def ended(self) -> float:
        """When the last impression was shown."""
        return self.impressions[-1].seconds


def newcomers(user_ids: Iterable[str]) -> Iterator[bool]:
    """For each impression's reader, in the order of time, whether it is their first."""
    met: set[str] = set()
    for user_id in user_ids:
        yield user_id not in met
        met.add(user_id)


def _sightings(impressions: Iterable[LoggedImpression]) -> Iterator[tuple[str, float]]:
    for impression in impressions:
        for click in (*impression.history, *impression.clicked):
            yield click.article_id, click.seconds
        for article_id in impression.shown:
            yield article_id, impression.seconds
