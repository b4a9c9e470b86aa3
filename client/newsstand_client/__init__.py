"""Speaks to a Newsstand: ``Newsstand`` waits for each answer, ``AsyncNewsstand`` is for asyncio."""

from newsstand_client.articles import Article, PutArticle, StoredArticle, StoredArticles
from newsstand_client.asynchronous import AsyncNewsstand
from newsstand_client.batches import Batch, Result
from newsstand_client.blocking import Newsstand
from newsstand_client.errors import (
    Conflict,
    CursorExpired,
    Invalid,
    NewsstandError,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotNow,
    NotUnderstood,
    RateLimited,
    Refused,
    Unavailable,
    Unreachable,
)
from newsstand_client.events import Event
from newsstand_client.experiments import Experiments
from newsstand_client.lists import (
    Boosts,
    Filters,
    Interests,
    Listing,
    Ranking,
    Recommendation,
    Wishes,
)
from newsstand_client.message import FieldError, Problem
from newsstand_client.operations import Health, Models
from newsstand_client.overview import CatalogueMap, Overview
from newsstand_client.patience import Patience
from newsstand_client.readers import User

__all__ = [
    "Article",
    "AsyncNewsstand",
    "Batch",
    "Boosts",
    "CatalogueMap",
    "Conflict",
    "CursorExpired",
    "Event",
    "Experiments",
    "FieldError",
    "Filters",
    "Health",
    "Interests",
    "Invalid",
    "Listing",
    "Models",
    "Newsstand",
    "NewsstandError",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "NotNow",
    "NotUnderstood",
    "Overview",
    "Patience",
    "Problem",
    "PutArticle",
    "Ranking",
    "RateLimited",
    "Recommendation",
    "Refused",
    "Result",
    "StoredArticle",
    "StoredArticles",
    "Unavailable",
    "Unreachable",
    "User",
    "Wishes",
]
