"""What every recommendation keeps, whatever is asked: hypothesis over the real pipeline.

The parts are the service's own: Valkey, FAISS, the adapters. Only the vectors are drawn, so that
scores tie and stories repeat.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_store import late_fusion
from service.composition import assembled, find_artefact, newsstand_under
from service.domain.article import Article
from service.domain.event import Event
from service.domain.experiment import PolicyBook
from service.domain.fields import ArticleId
from service.domain.policy import Caps, Exploration, Freshness, RankingPolicy
from service.domain.recommendation import RecommendRequest
from service.pipeline.newsstand import Newsstand
from service.pipeline.recommend import recommend
from service.pipeline.record import record
from service.pipeline.stages import Stages
from service.ports import StoredArticle
from service.settings import Settings

COUNT = 400
NOW = time.time()
CATEGORIES, LANGUAGES, SOURCES = ("a", "b", "c", None), ("en", "de", None), ("s", "t")
BOOK = PolicyBook(
    scenarios={
        "everything": RankingPolicy(
            diversity=0.3,
            calibration=0.3,
            language_affinity=0.2,
            caps=Caps(source=0.3, author=0.5, category=0.3),
            freshness=Freshness(weight=0.5, categories={"a": 2.0}),
            explore=Exploration(share=0.3),
        ),
        "readable": RankingPolicy(cross_lingual=False),
        "impersonal": RankingPolicy(personal=False),
    }
)
names = st.integers(0, COUNT - 1).map(lambda n: f"a{n}")
labels = st.lists(st.sampled_from(["a", "b", "zz"]), max_size=2)
languages = st.lists(st.sampled_from(["en", "de", "fr"]), max_size=2)
moments = st.floats(-80, 10).map(lambda hours: datetime.fromtimestamp(NOW + hours * 3600, UTC))
requests = st.fixed_dictionaries(
    {
        "limit": st.sampled_from([1, 2, 7, 20, 60, 500]),
        "scenario": st.sampled_from(["default", "model", *BOOK.scenarios]),
    },
    optional={
        "user_id": st.sampled_from(["keen", "new", "cross"]),
        "exclude_article_ids": st.lists(names, max_size=5),
        "session_article_ids": st.lists(names, max_size=3),
        "diversity": st.floats(0, 1),
        "language_affinity": st.floats(0, 1),
        "explain": st.booleans(),
        "interests": st.fixed_dictionaries({"categories": labels, "languages": languages}),
        "boosts": st.fixed_dictionaries(
            {
                "article_ids": st.dictionaries(names, st.sampled_from([0.0, 0.5, 9.0]), max_size=3),
                "categories": st.dictionaries(
                    st.sampled_from(["a", "b"]), st.sampled_from([0.0, 0.1, 3.0]), max_size=2
                ),
            }
        ),
        "filters": st.fixed_dictionaries(
            {},
            optional={
                "languages": languages,
                "categories": labels,
                "exclude_categories": labels,
                "exclude_languages": languages,
                "published_after": moments,
                "published_before": moments,
            },
        ),
    },
)


@dataclass(repr=False)
class Stage:
    """A running pipeline, and the loop that it lives on."""

    newsstand: Newsstand
    runner: asyncio.Runner
    articles: dict[str, Article]

    def ask(self, **request: Any) -> Any:
        asked = RecommendRequest.model_validate(request)
        return self.runner.run(recommend(self.newsstand, asked, Stages()))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    own = Settings(data_dir=tmp_path_factory.mktemp("data"))
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        parts = runner.run(assembled(own, stack, time.time))
        newsstand = runner.run(newsstand_under(find_artefact(own), parts))
        stage = Stage(replace(newsstand, policies=lambda: BOOK), runner, {})
        runner.run(stocked(stage))
        yield stage
        runner.run(stack.aclose())


async def stocked(stage: Stage) -> None:
    newsstand, rng = stage.newsstand, np.random.default_rng(3)
    vectors = rng.standard_normal((COUNT // 3, newsstand.encoder.dimension))
    vectors = vectors[rng.integers(len(vectors), size=COUNT)]
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    kinds = itertools.cycle(itertools.product(CATEGORIES, LANGUAGES, SOURCES))
    for number, (category, language, source) in zip(range(COUNT), kinds, strict=False):
        stage.articles[f"a{number}"] = Article(
            title=f"Story {number % 50}",
            category=category,
            language=language,
            source=source,
            author=f"author {number % 5}",
            published_at=datetime.fromtimestamp(NOW - number * 600, UTC),
        )
    newsstand.publish(
        [
            StoredArticle(ArticleId(name), article, int(NOW * 1e6), NOW, vectors[number])
            for number, (name, article) in enumerate(stage.articles.items())
        ]
    )
    acts = [("keen", f"a{n}", "click") for n in range(0, 60, 2)]
    acts += [("keen", "a301", "hide"), ("keen", "a302", "dislike"), ("keen", "a303", "like")]
    acts += [("keen", "a304", "impression")] * 10 + [("cross", "a305", "dislike")]
    events = [Event(user_id=user, article_id=a, type=kind) for user, a, kind in acts]
    await record(newsstand, events, int(NOW * 1000))


def refused(request: dict[str, Any], articles: dict[str, Article]) -> set[str]:
    """Everything that must not be in an answer, in the plainest words."""
    keen = {f"a{n}" for n in range(0, 60, 2)} | {"a301", "a302"}
    out = {"keen": keen, "cross": {"a305"}}.get(request.get("user_id", ""), set()).copy()
    model = request["scenario"] == "model"
    if request.get("user_id") == "keen" and not model:
        out.add("a304")
    out |= {*request.get("exclude_article_ids", ()), *request.get("session_article_ids", ())}
    filters, boosts = request.get("filters", {}), {} if model else request.get("boosts", {})
    out |= {name for name, factor in boosts.get("article_ids", {}).items() if not factor}
    dropped = [c for c, factor in boosts.get("categories", {}).items() if not factor]
    for name, article in articles.items():
        moment = article.published_at
        assert moment is not None
        if (
            ("languages" in filters and article.language not in filters["languages"])
            or ("categories" in filters and article.category not in filters["categories"])
            or article.language in filters.get("exclude_languages", ())
            or article.category in filters.get("exclude_categories", ())
            or ("published_after" in filters and moment < filters["published_after"])
            or ("published_before" in filters and moment >= filters["published_before"])
            or article.category in dropped
        ):
            out.add(name)
    return out


@settings(max_examples=150, deadline=None)
@given(request=requests)
def test_full_exact_and_without_repeats(stage: Stage, request: dict[str, Any]) -> None:
    answer = stage.ask(**request)
    ids = [item.article_id for item in answer.items]
    out = refused(request, stage.articles)
    assert len(ids) == len(set(ids))
    assert not out & set(ids)
    if request["scenario"] != "readable":
        assert len(ids) == min(request["limit"], len(stage.articles.keys() - out))
    assert [item.rank for item in answer.items] == list(range(1, len(ids) + 1))
    for item in answer.items:
        assert np.isfinite(item.score)
        if request.get("explain"):
            assert abs(sum(item.reason.parts.values()) - item.score) < 1e-9
            if item.relevance is not None:
                parts = sum(click.contribution for click in item.reason.clicks)
                assert abs(parts - item.relevance) < 1e-9
    if not ids:
        assert answer.empty_because


@settings(max_examples=60, deadline=None)
@given(request=requests)
def test_the_scenario_model_is_a_ranking_of_the_whole_catalogue(
    stage: Stage, request: dict[str, Any]
) -> None:
    request = {**request, "scenario": "model", "user_id": "keen"}
    answer, catalogue = stage.ask(**request), stage.newsstand.catalogue
    clicks = [ArticleId(f"a{n}") for n in range(0, 60, 2)]
    user_D = late_fusion.history_vector(catalogue.vectors(catalogue.rows(clicks)))
    left = sorted(stage.articles.keys() - refused(request, stage.articles))
    rows = catalogue.rows(map(ArticleId, left))
    scores = late_fusion.scores(catalogue.vectors(rows), user_D)
    best = sorted(scores.tolist(), reverse=True)[: request["limit"]]
    assert [item.score for item in answer.items] == best
    score_of = dict(zip(left, scores.tolist(), strict=True))
    assert [score_of[item.article_id] for item in answer.items] == best


@settings(max_examples=25, deadline=None)
@given(
    limit=st.sampled_from([17, 60, 150]),
    scenario=st.sampled_from(["default", "model", "everything"]),
    user_id=st.sampled_from(["keen", "new"]),
)
def test_pages_are_everything_once(stage: Stage, limit: int, scenario: str, user_id: str) -> None:
    request = {"limit": limit, "scenario": scenario, "user_id": user_id}
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = stage.ask(**request, **cursor)
        found += [item.article_id for item in answer.items]
        if answer.next_cursor is None:
            break
        cursor = {"cursor": answer.next_cursor}
    assert len(found) == len(set(found))
    assert set(found) == stage.articles.keys() - refused(request, stage.articles)


def test_a_policy_can_keep_to_the_languages_that_a_reader_reads(stage: Stage) -> None:
    click = Event(user_id="german", article_id="a303", type="click")
    german = stage.articles["a303"].language
    stage.runner.run(record(stage.newsstand, [click], int(NOW * 1000)))
    answer = stage.ask(user_id="german", scenario="readable", limit=500)
    assert {stage.articles[i.article_id].language for i in answer.items} == {german, None}
    free = stage.ask(user_id="german", limit=500)
    assert {stage.articles[i.article_id].language for i in free.items} == set(LANGUAGES)


def test_nobody_is_profiled_where_the_policy_says_so(stage: Stage) -> None:
    known = stage.ask(user_id="keen", scenario="impersonal", limit=20)
    assert all(item.relevance is None for item in known.items)
    assert {item.source for item in known.items} <= {"trending", "fresh", "explore"}
