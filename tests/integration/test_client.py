"""The Python client against a real service: both of its kinds, and networks that stumble."""

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx
import pytest

from newsstand_client import (
    Article,
    AsyncNewsstand,
    Boosts,
    Conflict,
    CursorExpired,
    Event,
    Filters,
    Interests,
    Invalid,
    Newsstand,
    NewsstandError,
    NotAuthenticated,
    NotFound,
    NotUnderstood,
    Patience,
    RateLimited,
    Unavailable,
    Unreachable,
)
from tests.integration.stumbling_front import (
    Front,
    answering,
    losing_the_answer,
    losing_the_request,
    stumbling_front,
)

README = Path(__file__).parents[2] / "client" / "README.md"
Fresh = Callable[[str], str]
Client = Callable[..., Newsstand]
T = TypeVar("T")


class Waited:
    """An ``AsyncNewsstand`` whose coroutines are waited for: spoken to like a ``Newsstand``."""

    def __init__(self, client: AsyncNewsstand, loop: asyncio.Runner) -> None:
        self._client, self._loop = client, loop

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def waited(*args: Any, **kwargs: Any) -> Any:
            outcome = getattr(self._client, name)(*args, **kwargs)
            waiting = listed(outcome) if inspect.isasyncgen(outcome) else outcome
            return self._loop.run(waiting)

        return waited


async def listed(items: AsyncIterator[T]) -> list[T]:
    return [item async for item in items]


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that a client would have waited."""
    return []


@pytest.fixture(params=["blocking", "asyncio"])
def client(request: pytest.FixtureRequest, pauses: list[float]) -> Iterator[Client]:
    """Makes a client of either kind that does not wait."""

    async def paused(seconds: float) -> None:
        pauses.append(seconds)

    with asyncio.Runner() as loop:
        made: list[Newsstand] = []

        def make(url: object, **settings: Any) -> Newsstand:
            if request.param == "blocking":
                made.append(Newsstand(str(url), sleep=pauses.append, **settings))
            else:
                inner = AsyncNewsstand(str(url), sleep=paused, **settings)
                made.append(cast(Newsstand, Waited(inner, loop)))
            return made[-1]

        yield make
        for one in made:
            one.close()


@pytest.fixture
def newsstand(client: Client, service: httpx.Client) -> Newsstand:
    """A client of the shared service."""
    return client(service.base_url)


@pytest.fixture
def front(service: httpx.Client) -> Iterator[Front]:
    with stumbling_front(service) as running:
        yield running


def click(user_id: str, article_id: str) -> Event:
    return Event(user_id=user_id, article_id=article_id, type="click")


def clicked(newsstand: Newsstand, user_id: str) -> list[str]:
    return [one.article_id for one in newsstand.get_user(user_id).history]


def test_articles_come_are_read_and_go(newsstand: Newsstand, fresh: Fresh) -> None:
    article = Article(article_id=fresh("a"), title="Rowers win the cup", attributes={"desk": None})
    assert newsstand.put_article(article).status == "created"
    assert newsstand.put_article(article).status == "unchanged"
    stored = newsstand.get_article(article.article_id)
    assert (stored.title, stored.attributes) == (article.title, article.attributes)
    assert stored.published_at == stored.ingested_at
    several = newsstand.get_articles(["unheard-of", article.article_id])
    assert several.articles == (stored,)
    assert several.missing == ("unheard-of",)
    newsstand.delete_article(article.article_id)
    with pytest.raises(NotFound, match=article.article_id):
        newsstand.get_article(article.article_id)


def test_a_click_shapes_the_next_list_and_can_be_erased(newsstand: Newsstand, fresh: Fresh) -> None:
    ids = [fresh(f"row-{number}") for number in range(3)]
    articles = [Article(article_id=id_, title=f"Rowing boat {id_} wins") for id_ in ids]
    assert [one.status for one in newsstand.put_articles(articles).results] == ["created"] * 3
    assert newsstand.send_events([click(fresh("u"), ids[0])]).accepted == 1
    answer = newsstand.recommend(
        fresh("u"),
        limit=2,
        explain=True,
        interests=Interests(categories=["sports"]),
        boosts=Boosts(article_ids={ids[1]: 9.0}),
        filters=Filters(exclude_languages=["tlh"]),
    )
    assert not answer.degraded
    assert answer.items[0].article_id == ids[1]
    reason = answer.items[0].reason
    assert reason is not None
    assert [part.article_id for part in reason.clicks] == [ids[0]]
    ranking = newsstand.rank([ids[2], fresh("unknown")], user_id=fresh("u"))
    assert [one.article_id for one in ranking.items] == [ids[2]]
    assert ranking.unknown_article_ids == (fresh("unknown"),)
    newsstand.erase_user(fresh("u"))
    with pytest.raises(NotFound):
        newsstand.get_user(fresh("u"))


def test_lists_models_experiments_and_health_are_read(newsstand: Newsstand, fresh: Fresh) -> None:
    newsstand.put_article(Article(article_id=fresh("a"), title="Rowing", language="nn"))
    newsstand.put_article(Article(article_id=fresh("b"), title="Rowing boats", language="nn"))
    newsstand.send_events([click(fresh("u"), fresh("b"))])
    near = newsstand.similar(fresh("a"), limit=1, filters=Filters(languages=["nn", "se"]))
    assert len(near.items) == 1
    assert len(newsstand.trending(limit=3, window_hours=1).items) <= 3
    assert {one.language: one.articles for one in newsstand.overview().languages}["nn"] >= 2
    shown = newsstand.catalogue_map(limit=1, include=[fresh("a"), fresh("b")])
    assert {one.article_id for one in shown.articles} == {fresh("a"), fresh("b")}
    assert newsstand.models().active == newsstand.alive().model == newsstand.ready().model
    assert newsstand.switch_model(newsstand.models().active).switch is None
    assert newsstand.experiments().experiments == ()
    with pytest.raises(Conflict, match="no previous model"):
        newsstand.roll_back()


def test_pages_hold_every_article_once(newsstand: Newsstand, fresh: Fresh) -> None:
    source = fresh("source")
    newsstand.put_articles(
        Article(article_id=fresh(f"page-{n}"), title=f"Story {n}", source=source) for n in range(7)
    )
    filters = Filters(sources=[source])
    pages = list(newsstand.recommend_pages(fresh("u"), limit=3, filters=filters))
    found = [item.article_id for page in pages for item in page.items]
    assert sorted(found) == [fresh(f"page-{n}") for n in range(7)]
    assert len(pages) >= 3


def test_a_long_list_is_sent_in_batches_with_its_results_in_order(
    newsstand: Newsstand, fresh: Fresh
) -> None:
    wrong = [Article(article_id=fresh(f"a{n}"), title="x", language="!") for n in range(1_000)]
    right = Article(article_id=fresh("right"), title="Rowing")
    batch = newsstand.put_articles([*wrong, right])
    assert (batch.accepted, batch.rejected) == (1, 1_000)
    assert [place for place, _ in batch.refusals()] == list(range(1_000))
    assert batch.results[-1].article_id == right.article_id
    assert batch.refusals()[0][1].kind == "invalid"
    assert newsstand.send_events([]).results == ()


def test_what_is_wrong_is_named_and_not_tried_again(
    newsstand: Newsstand, fresh: Fresh, pauses: list[float]
) -> None:
    with pytest.raises(Invalid) as caught:
        newsstand.recommend(fresh("u"), limit=0)
    assert [field.pointer for field in caught.value.fields] == ["/limit"]
    assert (caught.value.status, caught.value.kind) == (422, "invalid")
    assert caught.value.request_id in str(caught.value)
    with pytest.raises(Invalid) as forged:
        newsstand.recommend(fresh("u"), cursor="forged")
    assert (forged.value.status, forged.value.kind) == (400, "forged-cursor")
    assert not pauses


def test_an_event_whose_answer_was_lost_counts_once(
    client: Client, newsstand: Newsstand, front: Front, fresh: Fresh
) -> None:
    newsstand.put_article(Article(article_id=fresh("a"), title="Rowing"))
    front.stumbles += [
        losing_the_answer,
        answering(503, Retry_After="1"),
        losing_the_request,
        losing_the_answer,
    ]
    unlucky = client(front.url)
    batch = unlucky.send_events([click(fresh("u"), fresh("a"))])
    assert [one.status for one in batch.results] == ["duplicate"]
    assert len(front.asked) == 5
    assert clicked(newsstand, fresh("u")) == [fresh("a")]


def test_events_that_a_caller_repeats_after_giving_up_count_once(
    client: Client, newsstand: Newsstand, front: Front, fresh: Fresh
) -> None:
    newsstand.put_article(Article(article_id=fresh("a"), title="Rowing"))
    front.stumbles += [losing_the_answer]
    once = client(front.url, patience=Patience(tries=1))
    events = [click(fresh("u"), fresh("a")), click(fresh("u"), fresh("a"))]
    with pytest.raises(Unreachable):
        once.send_events(events)
    assert once.send_events(events).accepted == 2
    assert clicked(newsstand, fresh("u")) == [fresh("a")] * 2


def test_it_comes_back_when_the_service_says_and_a_little_later(
    client: Client, front: Front, pauses: list[float]
) -> None:
    front.stumbles += [answering(429, Retry_After="7"), answering(502), answering(408)]
    assert client(front.url).trending().model
    assert 7 <= pauses[0] < 8
    assert all(0 < pause < 1 for pause in pauses[1:])
    assert len({headers["x-request-id"] for _, headers in front.asked}) == 1


def test_a_rollback_that_may_have_happened_is_not_repeated(client: Client, front: Front) -> None:
    for stumble in (losing_the_answer, answering(503, Retry_After="1"), answering(504)):
        front.asked.clear()
        front.stumbles[:] = [stumble]
        with pytest.raises(NewsstandError):
            client(front.url).roll_back()
        assert len(front.asked) == 1
    front.stumbles += [answering(429, Retry_After="1")]
    front.asked.clear()
    with pytest.raises(Conflict):  # refused before anything was done: asked again
        client(front.url).roll_back()
    assert len(front.asked) == 2


def test_it_gives_up_and_says_what_was_answered_last(
    client: Client, front: Front, pauses: list[float]
) -> None:
    patient = client(front.url, patience=Patience(tries=3))
    body = '{"type": "urn:newsstand:state-lost", "title": "State lost", "status": 503}'
    front.stumbles += [losing_the_request, answering(502), answering(503, body)]
    with pytest.raises(Unavailable) as caught:
        patient.trending()
    assert caught.value.kind == "state-lost"
    assert len(pauses) == 2
    front.stumbles += [answering(429, Retry_After="3600")]
    with pytest.raises(RateLimited) as limited:
        patient.trending()
    assert limited.value.retry_after == 3600
    assert len(pauses) == 2  # longer than its patience: it does not begin to wait


def test_where_nobody_listens_it_is_unreachable(
    client: Client, service: httpx.Client, pauses: list[float]
) -> None:
    with stumbling_front(service) as gone:
        pass
    with pytest.raises(Unreachable):
        client(gone.url).trending()
    with pytest.raises(Unreachable):  # not received for certain: a rollback is repeated, too
        client(gone.url).roll_back()
    assert len(pauses) == 8
    with pytest.raises(Unreachable):
        client(gone.url).ready()
    assert len(pauses) == 8


def test_another_services_answer_is_not_understood(client: Client, front: Front) -> None:
    front.stumbles += [
        answering(200, "<html>Welcome to nginx</html>"),
        answering(401),
        answering(410),
    ]
    with pytest.raises(NotUnderstood):
        client(front.url).trending()
    with pytest.raises(NotAuthenticated):
        client(front.url).trending()
    with pytest.raises(CursorExpired):
        client(front.url).trending()


def test_the_key_is_sent_and_never_shown(
    client: Client, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSSTAND_API_KEY", "from-the-environment\n")
    given = client(front.url, api_key="given")
    given.trending()
    client(front.url).trending()
    sent = [headers["authorization"] for _, headers in front.asked]
    assert sent == ["Bearer given", "Bearer from-the-environment"]
    assert "given" not in repr(vars(getattr(given, "_client", given)))


def test_logs_hold_neither_ids_nor_bodies(
    client: Client, front: Front, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="newsstand_client")
    front.stumbles += [answering(503), losing_the_request]
    with pytest.raises(NotFound):
        client(front.url).get_user(fresh("reader"))
    own = [record.getMessage() for record in caplog.records if record.name == "newsstand_client"]
    assert len(own) == 2
    assert all("/v1/users/{user_id}" in said and fresh("reader") not in said for said in own)


@pytest.mark.parametrize("user_id", ["", ".", "..", "a/b", "a b", "ä", "a\n", "x" * 257])
def test_an_id_that_leads_elsewhere_is_refused_before_it_is_sent(
    newsstand: Newsstand, user_id: str
) -> None:
    with pytest.raises(ValueError, match="user_id"):
        newsstand.erase_user(user_id)


@pytest.mark.parametrize(
    "example",
    README.read_text(encoding="utf-8").split("```python\n")[1:],
    ids=["blocking", "asyncio"],
)
def test_the_readmes_examples_run(
    service: httpx.Client, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = example.partition("```")[0].replace("http://localhost:8000", str(service.base_url))
    exec(compile(code, str(README), "exec"), {})
    assert capsys.readouterr().out
