"""What is asked of the recommender, and what it answers."""

from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from model_store.user_models import Explanation
from service.domain.fields import ID_PATTERN, NOT_DOTS, Id, Incoming, Label, Message, Share
from service.domain.filters import Filters, Labels, Languages

Source = Literal["personal", "session", "trending", "fresh", "explore"]
"""Which candidate generator brought an item."""
SOURCES: Final[tuple[Source, ...]] = get_args(Source)
Degradation = Literal[
    "unknown_reader", "empty_history", "no_reader", "state_unavailable", "state_lost"
]
"""Why an answer is not personal: nothing is stored of the reader; none of their clicks can be
scored; no reader was named; the state store does not answer."""

ScenarioName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")]
Factor = Annotated[float, Field(ge=0, le=10, strict=True)]


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 10.0 is 10."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Limit = Annotated[int, Field(ge=1, le=1_000, strict=True), BeforeValidator(_whole)]
Ids = Annotated[tuple[Id, ...], Field(max_length=1_000)]


MOST_CHARACTERS: Final = 400_000
"""No cursor is longer."""


class Interests(Incoming):
    """What a reader who has not clicked yet says of themselves."""

    categories: Labels = Field(default=[])
    languages: Languages = Field(default=[])


class Boosts(Incoming):
    """Factors on the score: 1 changes nothing, 0 leaves out. Several that fit are multiplied."""

    article_ids: Annotated[dict[Id, Factor], Field(max_length=1_000)] = Field(
        default={}, json_schema_extra={"propertyNames": {"pattern": ID_PATTERN, **NOT_DOTS}}
    )
    categories: Annotated[dict[Label, Factor], Field(max_length=100)] = Field(default={})
    sources: Annotated[dict[Label, Factor], Field(max_length=100)] = Field(default={})


class RecommendRequest(Incoming):
    """Ask for articles for one reader, known or not. What is left out is the scenario's."""

    user_id: Id | None = None
    limit: Limit = 10
    filters: Filters | None = None
    exclude_article_ids: Ids = ()
    session_article_ids: Ids = ()
    interests: Interests | None = None
    boosts: Boosts | None = None
    diversity: Share | None = None
    language_affinity: Share | None = None
    explain: Annotated[bool, Field(strict=True)] = False
    scenario: ScenarioName = "default"
    cursor: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)] | None = None


_BOTH: Final[dict[str, Any]] = {
    "properties": {"user_id": {"type": "string"}, "history_article_ids": {"type": "array"}},
    "required": ["user_id", "history_article_ids"],
}


class RankRequest(Incoming):
    """Score given candidates for a reader or for a given history, the oldest click first."""

    model_config = ConfigDict(json_schema_extra={"not": _BOTH})

    user_id: Id | None = None
    history_article_ids: Annotated[list[Id], Field(max_length=10_000, fail_fast=True)] | None = None
    candidate_article_ids: Annotated[
        list[Id], Field(min_length=1, max_length=10_000, fail_fast=True)
    ]
    explain: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _one_history(self) -> Self:
        if self.user_id is not None and self.history_article_ids is not None:
            raise ValueError("give user_id or history_article_ids, not both")
        return self


class ClickContribution(Message):
    """One click's part in an item's relevance (``Reason.explanation`` says in what sense)."""

    article_id: str
    contribution: float


class Reason(Message):
    """Why an item is recommended.

    By ``terms`` the clicks' contributions sum to the relevance; by ``leave_one_out`` each says by
    how much the relevance would fall without the click, since the model is no sum over clicks.
    """

    clicks: list[ClickContribution]
    explanation: Explanation = "terms"


class ItemReason(Reason):
    """Why an item stands where it stands. ``parts`` sum to its score."""

    parts: dict[str, float]


class Item(Message):
    """One recommended article."""

    article_id: str
    rank: int
    score: float
    relevance: float | None
    source: Source
    reason: ItemReason | None = None


class VariantAnswer(Message):
    """The variant of an experiment that made a list."""

    experiment: str
    variant: str


class Recommendation(Message):
    """A ranked list for one reader. ``scenario`` is the one whose policy made it."""

    recommendation_id: str
    user_id: str | None
    model: str
    scenario: str
    experiment: VariantAnswer | None
    degraded: list[Degradation]
    items: list[Item]
    empty_because: str | None = None
    next_cursor: str | None = None


class RankedItem(Message):
    """One candidate with the model's score; none if there is nothing to score it by."""

    article_id: str
    rank: int
    score: float | None
    reason: Reason | None = None


class Ranking(Message):
    """Every known candidate, sorted."""

    model: str
    degraded: list[Degradation]
    items: list[RankedItem]
    unknown_article_ids: list[str]


class ListedItem(Message):
    """One article of a list that is not personal."""

    article_id: str
    rank: int
    score: float


class Listing(Message):
    """Articles nearest to one article, or read most now."""

    model: str
    items: list[ListedItem]
