"""What a newsroom can set about its ranking. One ``RankingPolicy`` a scenario.

Weights are in units of the reader's highest possible relevance: a weight of 0.2 lets an article
that has all of a quality overtake one whose relevance is 0.2 better on the scale of the cosine.
Whatever a model's scores look like, the same weights mean the same.
"""

from typing import Annotated, Final

from pydantic import Field

from service.domain.fields import Label, Message, Share

Weight = Annotated[float, Field(ge=0, le=10)]
Hours = Annotated[float, Field(gt=0, le=8_760)]
Count = Annotated[int, Field(ge=0, le=1_000)]
CapShare = Annotated[float, Field(gt=0, le=1)]


class Generators(Message):
    """How many candidates each generator gives, beside what a page needs."""

    personal: Annotated[int, Field(ge=1, le=1_000)] = 200
    trending: Count = 20
    fresh: Count = 20


class Freshness(Message):
    """``weight`` · 2^(−age / half-life)."""

    weight: Weight = 0.05
    half_life_hours: Hours = 24.0
    categories: dict[Label, Hours] = Field(
        default={}, description="half-lives of categories that age otherwise"
    )


class PopularityPrior(Message):
    """``weight`` · ln(1 + heat) / ln(1 + the highest heat); heat is time-decayed clicks."""

    weight: Weight = 0.2
    window_hours: Annotated[int, Field(ge=1, le=168)] = 48
    half_life_hours: Hours = 6.0
    dwell: Share = Field(
        default=0.0, description="the share of minutes read in the heat; clicks are the rest"
    )


class Dislikes(Message):
    """−``weight`` · cosine to the nearest disliked or hidden article · 2^(−its age / half-life)."""

    weight: Weight = 0.3
    half_life_days: Annotated[float, Field(gt=0, le=365)] = 14.0


class Impressions(Message):
    """What was shown without a click weighs less each time, and at last is left out."""

    discount: Weight = Field(default=0.01, description="off the score for each time it was shown")
    most: Annotated[int, Field(ge=1, le=100)] = Field(
        default=10, description="shown so often without a click, it is left out"
    )


class Cold(Message):
    """Weights for a reader without taste, in place of ``popularity.weight``."""

    popularity: Weight = 1.0
    interests: Weight = Field(default=1.0, description="for each declared interest that fits")


class Duplicates(Message):
    """Two articles tell one story if their cosine is at least ``certain``, or at least
    ``similarity`` while their titles' words or their entities overlap by ``overlap`` (Jaccard).
    """

    similarity: Share = 0.75
    overlap: Share = 0.4
    certain: Share = 0.97


class Caps(Message):
    """The largest share of a page that one value may have, while others remain."""

    source: CapShare = 1.0
    author: CapShare = 1.0
    category: CapShare = 1.0


class Exploration(Message):
    """Places for articles that few have seen, drawn by a softmax over optimistic click rates."""

    share: Share = Field(default=0.05, description="of a page's places")
    impressions: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=100, description="shown less often, an article may be explored"
    )
    candidates: Annotated[int, Field(ge=1, le=500)] = Field(
        default=50, description="the newest of them that are drawn from"
    )
    optimism: Annotated[float, Field(ge=0, le=10)] = Field(
        default=1.0, description="posterior standard deviations above the mean click rate"
    )
    temperature: Annotated[float, Field(gt=0, le=10)] = 0.05


class RankingPolicy(Message):
    """How candidates become a list."""

    personal: bool = Field(
        default=True, description="false: no profiling; every reader is served as if cold"
    )
    generators: Generators = Generators()
    freshness: Freshness = Freshness()
    popularity: PopularityPrior = PopularityPrior()
    dislikes: Dislikes = Dislikes()
    impressions: Impressions | None = Impressions()
    cross_lingual: bool = Field(
        default=True, description="false: only languages that the reader reads or has declared"
    )
    language_affinity: Share = 0.0
    cold: Cold = Cold()
    explore: Exploration | None = Exploration()
    duplicates: Duplicates | None = Duplicates()
    caps: Caps = Caps()
    diversity: Share = 0.1
    calibration: Share = Field(
        default=0.0, description="pull towards the reader's own mix of categories"
    )
    heeds_request: bool = Field(
        default=True, description="whether a request may boost, diversify and weigh languages"
    )


MODEL_ALONE: Final = RankingPolicy(
    generators=Generators(trending=0, fresh=0),
    freshness=Freshness(weight=0),
    popularity=PopularityPrior(weight=0),
    dislikes=Dislikes(weight=0),
    cold=Cold(interests=0),
    impressions=None,
    explore=None,
    duplicates=None,
    diversity=0,
    heeds_request=False,
)
"""The scenario ``model``: the model's own order; only the hard exclusions hold."""
