"""What was served to a reader, so that events can be joined to it."""

from dataclasses import dataclass

from service.domain.fields import ArticleId


@dataclass(frozen=True, slots=True)
class Drawn:
    """A place that was filled by chance.

    ``propensity`` is the probability with which this article was drawn for it, given those drawn
    before. Of the experiment's variants that can be ``judged`` by it, ``chosen_by`` are those whose
    own score would have put this very article there, of all that could be drawn.
    """

    article_id: ArticleId
    propensity: float
    judged: tuple[str, ...] = ()
    chosen_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServedList:
    """One list as it was served."""

    recommendation_id: str
    moment_ms: int
    scenario: str
    experiment: str | None
    variant: str | None
    article_ids: tuple[ArticleId, ...]
    drawn: tuple[Drawn, ...] = ()
