"""Every method of the two clients, once: what it sends, and how its answer is read.

``Newsstand`` and ``AsyncNewsstand`` differ only in how they carry it out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Unpack

from newsstand_client.articles import Article, PutArticle, StoredArticle, StoredArticles
from newsstand_client.batches import Batch, bodies, together
from newsstand_client.call import Call, Errand, one, silent
from newsstand_client.events import Event
from newsstand_client.experiments import Experiments
from newsstand_client.lists import Filters, Listing, Ranking, Recommendation, Wishes
from newsstand_client.message import as_json
from newsstand_client.operations import Health, Models
from newsstand_client.overview import CatalogueMap, Overview
from newsstand_client.readers import User

ARTICLES: Final = "/v1/articles"
ARTICLE: Final = "/v1/articles/{article_id}"
USER: Final = "/v1/users/{user_id}"


def put_article(article: Article) -> Errand[PutArticle]:
    """Insert or replace an article; durable and recommended when this returns."""
    ids = {"article_id": article.article_id}
    body = as_json(article.model_dump(exclude={"article_id"}, exclude_none=True))
    return one(Call("PUT", ARTICLE, ids, body=body, encodes=True), PutArticle)


def put_articles(articles: Iterable[Article]) -> Errand[Batch]:
    """Insert or replace articles, as many as there are; a result for each, in order.

    If it raises, some may have been stored; to repeat all of them changes nothing.
    """
    calls = (Call("POST", ARTICLES, body=body, encodes=True) for body in bodies(articles))
    return Errand(calls, together)


def get_article(article_id: str) -> Errand[StoredArticle]:
    """An article as it is stored. Raises NotFound."""
    return one(Call("GET", ARTICLE, {"article_id": article_id}), StoredArticle)


def get_articles(article_ids: Sequence[str]) -> Errand[StoredArticles]:
    """Up to 100 articles as they are stored, and the ids of those that are not."""
    return one(Call("GET", ARTICLES, query={"article_ids": list(article_ids)}), StoredArticles)


def delete_article(article_id: str) -> Errand[None]:
    """Withdraw an article, known or not: it is recommended no more."""
    return silent(Call("DELETE", ARTICLE, {"article_id": article_id}))


def similar(article_id: str, *, limit: int = 10, filters: Filters | None = None) -> Errand[Listing]:
    """The live articles nearest to this one. Raises NotFound."""
    query = {"limit": limit, **_in_query(filters)}
    return one(Call("GET", f"{ARTICLE}/similar", {"article_id": article_id}, query), Listing)


def send_events(events: Iterable[Event]) -> Errand[Batch]:
    """Record what readers did, as many events as there are; a result for each, in order.

    An event that was sent before is a ``duplicate``, and counted once. If it raises, some may have
    been recorded: repeat all of them, the same objects.
    """
    return Errand((Call("POST", "/v1/events", body=body) for body in bodies(events)), together)


def recommend(
    user_id: str | None = None, *, cursor: str | None = None, **wishes: Unpack[Wishes]
) -> Errand[Recommendation]:
    """Articles for one reader, known or not; ``cursor`` (an answer's ``next_cursor``) asks for the
    page after that answer. Raises CursorExpired ten minutes later.
    """
    body = as_json({"user_id": user_id, "cursor": cursor, **wishes})
    return one(Call("POST", "/v1/recommend", body=body), Recommendation)


def rank(
    candidate_article_ids: Sequence[str],
    *,
    user_id: str | None = None,
    history_article_ids: Sequence[str] | None = None,
    explain: bool = False,
) -> Errand[Ranking]:
    """Candidates with the model's score for a reader, or for a history (the oldest click first):
    no exclusion, no policy.
    """
    asked = {
        "user_id": user_id,
        "history_article_ids": history_article_ids,
        "candidate_article_ids": candidate_article_ids,
        "explain": explain,
    }
    return one(Call("POST", "/v1/rank", body=as_json(asked)), Ranking)


def trending(
    *, limit: int = 10, window_hours: int = 48, filters: Filters | None = None
) -> Errand[Listing]:
    """What is read most now."""
    query = {"limit": limit, "window_hours": window_hours, **_in_query(filters)}
    return one(Call("GET", "/v1/trending", query=query), Listing)


def overview() -> Errand[Overview]:
    """What there is to recommend, in numbers."""
    return one(Call("GET", "/v1/overview"), Overview)


def catalogue_map(*, limit: int = 1_000, include: Sequence[str] = ()) -> Errand[CatalogueMap]:
    """Live articles in two dimensions; those to ``include`` are among them if they are live."""
    query = {"limit": limit, "include": ",".join(include)}
    return one(Call("GET", "/v1/map", query=query), CatalogueMap)


def get_user(user_id: str) -> Errand[User]:
    """All that is stored of a reader. Raises NotFound where nothing is."""
    return one(Call("GET", USER, {"user_id": user_id}), User)


def erase_user(user_id: str) -> Errand[None]:
    """Erase a reader, known or not."""
    return silent(Call("DELETE", USER, {"user_id": user_id}))


def models() -> Errand[Models]:
    """Every version of a model, its state, and how far a switch is."""
    return one(Call("GET", "/v1/models"), Models)


def switch_model(model: str) -> Errand[Models]:
    """Switch to a model (``name@3``), as soon as every process can; ``models`` tells how far it is.

    Not repeated once the service may have it: look at ``models`` before you do. Raises Conflict
    while another is on its way.
    """
    body = as_json({"model": model})
    return one(Call("PUT", "/v1/models/active", body=body, repeat="unless received"), Models)


def roll_back() -> Errand[Models]:
    """Go back to the previous model, at once. Raises Conflict where there is none.

    Not repeated once the service may have it: a second rollback goes forward again.
    """
    return one(Call("POST", "/v1/models/rollback", repeat="unless received"), Models)


def experiments() -> Errand[Experiments]:
    """How every experiment stands."""
    return one(Call("GET", "/v1/experiments"), Experiments)


def alive() -> Errand[Health]:
    """Whether the process answers, asked once."""
    return one(Call("GET", "/health/live", repeat="never"), Health)


def ready() -> Errand[Health]:
    """Whether requests may come, asked once. Raises Unavailable while the state store is away."""
    return one(Call("GET", "/health/ready", repeat="never"), Health)


def _in_query(filters: Filters | None) -> Mapping[str, Any]:
    return {} if filters is None else filters.model_dump(mode="json", exclude_none=True)
