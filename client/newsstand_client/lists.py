"""Lists of articles: what a caller wishes of one, and how it is answered."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from pydantic import AwareDatetime, Field

from newsstand_client.message import Answer, Sent


class Filters(Sent):
    """Every given filter must hold. A list admits articles with any of its values.

    Times are half open: ``published_after`` ≤ published < ``published_before``.
    """

    languages: Sequence[str] | None = None
    categories: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    published_after: AwareDatetime | None = None
    published_before: AwareDatetime | None = None
    exclude_languages: Sequence[str] | None = None
    exclude_categories: Sequence[str] | None = None
    exclude_sources: Sequence[str] | None = None


class Interests(Sent):
    """What a reader who has not clicked yet says of themselves."""

    categories: Sequence[str] = ()
    languages: Sequence[str] = ()


class Boosts(Sent):
    """Factors on the score, 0 to 10: 1 changes nothing, 0 leaves out."""

    article_ids: Mapping[str, float] = Field(default_factory=dict)
    categories: Mapping[str, float] = Field(default_factory=dict)
    sources: Mapping[str, float] = Field(default_factory=dict)


class Wishes(TypedDict, total=False):
    """What may be asked of a recommendation; what is left out is the scenario's."""

    limit: int
    filters: Filters
    exclude_article_ids: Sequence[str]
    session_article_ids: Sequence[str]
    interests: Interests
    boosts: Boosts
    diversity: float
    language_affinity: float
    explain: bool
    scenario: str


class ClickContribution(Answer):
    """One click's part in an item's relevance."""

    article_id: str
    contribution: float


class Reason(Answer):
    """Why an item stands where it stands. ``clicks`` sum to its relevance, unless ``explanation``
    is ``leave_one_out``; ``parts``, where there is a policy, to its score.
    """

    clicks: tuple[ClickContribution, ...]
    explanation: str
    parts: Mapping[str, float] = Field(default_factory=dict)


class Item(Answer):
    """One recommended article; ``source`` says which candidate generator brought it."""

    article_id: str
    rank: int
    score: float
    relevance: float | None
    source: str
    reason: Reason | None = None


class Variant(Answer):
    """The variant of an experiment that made a list."""

    experiment: str
    variant: str


class Recommendation(Answer):
    """A ranked list for one reader; ``degraded`` says why it is not personal, where it is not."""

    recommendation_id: str
    user_id: str | None
    model: str
    scenario: str
    experiment: Variant | None
    degraded: tuple[str, ...]
    items: tuple[Item, ...]
    empty_because: str | None = None
    next_cursor: str | None = None


class RankedItem(Answer):
    """One candidate with the model's score; none if there is nothing to score it by."""

    article_id: str
    rank: int
    score: float | None
    reason: Reason | None = None


class Ranking(Answer):
    """Every known candidate, sorted."""

    model: str
    degraded: tuple[str, ...]
    items: tuple[RankedItem, ...]
    unknown_article_ids: tuple[str, ...]


class ListedItem(Answer):
    """One article of a list that is not personal."""

    article_id: str
    rank: int
    score: float


class Listing(Answer):
    """Articles nearest to one article, or read most now."""

    model: str
    items: tuple[ListedItem, ...]
