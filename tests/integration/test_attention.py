"""A service whose model is a trained recommender with a user encoder."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.parity import agree, post_news, served_scores
from model_store import late_fusion
from model_store.artefact import Artefact
from model_store.inputs import ArticleReader
from model_store.news_encoder import NewsEncoder
from model_store.user_models import UserModel, user_model
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders
from service.domain.fields import UserId
from service.ports import Vectors
from tests.attention_artefacts import WITH_LONG_TERM, WITH_TERMS, Workshop
from tests.integration.asking import click, eventually, ids, put, recommend
from tests.integration.service_process import ServiceProcess
from training.data.impressions import ImpressionLog
from training.data.news import NewsTable
from training.evaluation.evaluate import evaluate_on
from training.evaluation.report import evaluate_scores
from training.evaluation.served import encode_news

Float64 = NDArray[np.float64]
ALL = 500
KNOWN, NEWCOMER = "reader-5", "newcomer"
CLICKED = ["n03", "n17", "n30", "n03", "n44"]


@dataclass(frozen=True)
class Offline:
    """What the artefact makes of the invented news, without the service."""

    artefact: Artefact
    news: NewsTable
    users: UserModel
    vectors_ND: NDArray[np.float16]

    @classmethod
    def of(cls, artefact: Artefact, news: NewsTable) -> "Offline":
        encoder = NewsEncoder(artefact, artefact.manifest.best_precision("cpu"))
        reader = ArticleReader.of(artefact.manifest)
        vectors_ND = encode_news(encoder, reader, news, np.arange(len(news)))
        return cls(artefact, news, user_model(artefact), vectors_ND)

    @property
    def architecture(self) -> str:
        return self.artefact.manifest.name

    def scores(self, user_id: str | None, clicked: list[str]) -> dict[str, float]:
        """Every article's score."""
        history_HD = self.vectors_ND[self.news.rows(clicked)]  # type: ignore[arg-type]
        queries_QD = self.users.interest(history_HD, user_id).queries_QD
        relevance_N = late_fusion.relevance(self.vectors_ND, queries_QD)
        return dict(zip(self.news.ids, relevance_N.tolist(), strict=True))

    def ranking(self, user_id: str | None, clicked: list[str]) -> list[tuple[str, float]]:
        """All articles that were not clicked, by score."""
        left = {n: s for n, s in self.scores(user_id, clicked).items() if n not in clicked}
        return sorted(left.items(), key=lambda pair: -pair[1])


@dataclass(frozen=True)
class Stand:
    """A service that holds the invented news, and the same offline."""

    service: httpx.Client
    offline: Offline
    arguments: tuple[str, ...]


@pytest.fixture(scope="module", params=["nrms", "naml", "lstur", "additive"])
def stand(
    request: pytest.FixtureRequest, workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stand]:
    artefact, news = workshop.make(request.param).artefact, workshop.log.news
    model = ["--model-store", str(workshop.store), "--model", artefact.manifest.name]
    with EmbeddedValkey(tmp_path_factory.mktemp("state")) as valkey:
        arguments = ("--redis-url", valkey.url, *model)
        with ServiceProcess(*arguments) as running:
            post_news(running.client, news)
            yield Stand(running.client, Offline.of(artefact, news), arguments)


def ranking_of(answer: dict[str, Any]) -> list[tuple[str, float]]:
    assert all(item["score"] == item["relevance"] for item in answer["items"])
    return [(item["article_id"], item["score"]) for item in answer["items"]]


@pytest.fixture
def log(workshop: Workshop) -> ImpressionLog:
    """Sixty impressions of readers known from training and of new ones."""
    return workshop.later_log.take(np.arange(60))


def test_rank_over_a_log_gives_the_offline_evaluations_scores(
    stand: Stand, log: ImpressionLog, workshop: Workshop
) -> None:
    known = set(workshop.log.users)
    assert 0 < len({user for user in log.users if user in known}) < len(set(log.users))
    online_S = served_scores(stand.service, log)
    offline = evaluate_on(stand.offline.artefact, log, "invented")
    assert (online_S == offline.scores_S).all()
    assert agree(evaluate_scores(log, online_S), offline.report)
    for user in set(log.users):
        stand.service.delete(f"/v1/users/{user}")


def test_a_readers_long_term_vector_counts_online(stand: Stand) -> None:
    for user in (KNOWN, NEWCOMER):
        click(stand.service, user, *CLICKED)
    ranked = [
        ranking_of(recommend(stand.service, user_id=user, scenario="model", limit=ALL))
        for user in (KNOWN, NEWCOMER)
    ]
    assert ranked[0] == stand.offline.ranking(KNOWN, CLICKED)
    assert ranked[1] == stand.offline.ranking(None, CLICKED)
    assert (ranked[0] != ranked[1]) == (stand.offline.architecture in WITH_LONG_TERM)


@pytest.mark.parametrize("limit", [1, 7, ALL])
def test_the_scenario_model_is_the_order_of_the_offline_scores(stand: Stand, limit: int) -> None:
    user = f"of-{limit}"
    click(stand.service, user, *CLICKED)
    answer = recommend(stand.service, user_id=user, scenario="model", limit=limit)
    expected = stand.offline.ranking(user, CLICKED)
    assert len(expected) == len(stand.offline.news) - len(set(CLICKED))
    assert ranking_of(answer) == expected[:limit]
    assert {item["source"] for item in answer["items"]} == {"personal"}
    assert answer["degraded"] == []


def test_a_session_is_scored_by_the_user_encoder_too(stand: Stand) -> None:
    request = {"session_article_ids": CLICKED, "scenario": "model", "limit": ALL}
    assert ranking_of(recommend(stand.service, **request)) == stand.offline.ranking(None, CLICKED)


@pytest.mark.parametrize("user", [KNOWN, NEWCOMER])
def test_explanations_say_what_they_are_and_hold(stand: Stand, user: str) -> None:
    stand.service.delete(f"/v1/users/{user}")
    click(stand.service, user, *CLICKED)
    plain = recommend(stand.service, user_id=user, scenario="model", limit=20)
    answer = recommend(stand.service, user_id=user, scenario="model", limit=20, explain=True)
    assert ranking_of(answer) == ranking_of(plain)
    kind = "terms" if stand.offline.architecture in WITH_TERMS else "leave_one_out"
    without = [
        stand.offline.scores(user, CLICKED[:place] + CLICKED[place + 1 :])
        for place in range(len(CLICKED))
    ]
    for item in answer["items"]:
        reason, name = item["reason"], item["article_id"]
        parts = [part["contribution"] for part in reason["clicks"]]
        assert reason["explanation"] == kind
        assert sorted(part["article_id"] for part in reason["clicks"]) == sorted(CLICKED)
        assert parts == sorted(parts, reverse=True)
        if kind == "terms":
            assert sum(parts) == pytest.approx(item["relevance"], abs=1e-9)
        else:  # offline the readers without a click are rounded to float16
            left_out = [item["relevance"] - scores[name] for scores in without]
            assert sorted(parts) == pytest.approx(sorted(left_out), abs=1e-2)


def test_rank_explains_as_recommend_does(stand: Stand) -> None:
    click(stand.service, "explained", *CLICKED)
    answer = recommend(stand.service, user_id="explained", scenario="model", limit=5, explain=True)
    request = {"user_id": "explained", "candidate_article_ids": ids(answer), "explain": True}
    ranked = stand.service.post("/v1/rank", json=request).json()
    for one, other in zip(answer["items"], ranked["items"], strict=True):
        assert one["score"] == other["score"]
        assert one["reason"]["explanation"] == other["reason"]["explanation"]
        for item in (one, other):
            item["parts"] = {}
            for part in item["reason"]["clicks"]:
                item["parts"].setdefault(part["article_id"], []).append(part["contribution"])
        assert one["parts"] == other["parts"]


def test_a_click_counts_in_the_very_next_request(stand: Stand) -> None:
    clicked: list[str] = []
    for name in CLICKED:
        click(stand.service, "quick", name)
        clicked.append(name)
        answer = recommend(stand.service, user_id="quick", scenario="model", limit=ALL)
        assert ranking_of(answer) == stand.offline.ranking("quick", clicked)


def test_readers_who_come_at_once_are_each_seen_as_if_alone(stand: Stand) -> None:
    names = stand.offline.news.ids
    clicks = {f"at-once-{n}": names[n : n + 1 + n % 3 * 4] for n in range(24)}
    for user, clicked in clicks.items():
        click(stand.service, user, *clicked)

    def ask(user: str) -> dict[str, Any]:
        return recommend(stand.service, user_id=user, scenario="model", limit=ALL, explain=True)

    with ThreadPoolExecutor(12) as pool:
        answers = dict(zip(clicks, pool.map(ask, clicks), strict=True))
    for user, answer in answers.items():
        assert answer["degraded"] == []
        assert ranking_of(answer) == stand.offline.ranking(user, list(clicks[user]))


def test_another_process_recommends_the_same_from_the_vector_that_was_kept(stand: Stand) -> None:
    for user in (KNOWN, "shared"):
        stand.service.delete(f"/v1/users/{user}")
        click(stand.service, user, *CLICKED)
    asked = {"scenario": "model", "limit": ALL}
    here = [recommend(stand.service, user_id=user, **asked) for user in (KNOWN, "shared")]
    history_HD = stand.offline.vectors_ND[stand.offline.news.rows(CLICKED)]  # type: ignore[arg-type]
    for user in (KNOWN, "shared"):
        eventually(lambda user=user: kept_vector(stand, user) is not None)  # type: ignore[misc]
        (vector_D,) = stand.offline.users.interest(history_HD, user).queries_QD
        assert np.array_equal(kept_vector(stand, user), vector_D)  # type: ignore[arg-type]
    with ServiceProcess(*stand.arguments) as other:
        there = [recommend(other.client, user_id=user, **asked) for user in (KNOWN, "shared")]
        assert [ranking_of(answer) for answer in there] == [ranking_of(answer) for answer in here]
        assert ranking_of(there[0]) == stand.offline.ranking(KNOWN, CLICKED)
        click(other.client, KNOWN, "n50")
        answer = recommend(stand.service, user_id=KNOWN, **asked)
        assert ranking_of(answer) == stand.offline.ranking(KNOWN, [*CLICKED, "n50"])


def kept_vector(stand: Stand, user: str) -> Vectors | None:
    """What the state store keeps beside the reader's history."""

    async def read() -> Vectors | None:
        connection = Connection(stand.arguments[1])
        await connection.open()
        try:
            model = stand.offline.artefact.manifest.reference
            readers = RedisReaders(connection, model=model, history_length=50, reader_seconds=60)
            return (await readers.read(UserId(user))).vector
        finally:
            await connection.close()

    return asyncio.run(read())


def test_every_part_of_the_policy_works_beside_such_a_model(stand: Stand) -> None:
    click(stand.service, "everybody", *CLICKED)
    mark = {"user_id": "everybody", "article_id": "n20", "type": "dislike"}
    assert stand.service.post("/v1/events", json=[mark]).status_code == 200
    answer = recommend(stand.service, user_id="everybody", limit=30, diversity=0.4, explain=True)
    assert len(set(ids(answer))) == 30
    assert not {*CLICKED, "n20"} & set(ids(answer))
    for item in answer["items"]:
        assert np.isfinite(item["score"])
        assert sum(item["reason"]["parts"].values()) == pytest.approx(item["score"], abs=1e-9)


def test_similar_articles_are_told_by_their_cosine_although_vectors_differ_in_length(
    stand: Stand,
) -> None:
    vectors_ND, news = stand.offline.vectors_ND.astype(np.float64), stand.offline.news
    lengths_N = np.linalg.norm(vectors_ND, axis=1)
    assert lengths_N.max() > 1.05 * lengths_N.min()
    unit_ND = vectors_ND / lengths_N[:, np.newaxis]
    for name in ("n00", "n20", "n40", "n60"):
        answer = stand.service.get(f"/v1/articles/{name}/similar", params={"limit": 10})
        items = answer.json()["items"]
        scores = [item["score"] for item in items]
        cosine_N = unit_ND @ unit_ND[news.rows([name])[0]]  # type: ignore[list-item]
        of_items = [item["article_id"] for item in items]
        assert len(items) == 10
        assert name not in of_items
        assert all(-1 <= score <= 1 for score in scores)
        assert scores == sorted(scores, reverse=True)
        expected = cosine_N[news.rows(of_items)]
        assert scores == pytest.approx(expected.tolist(), abs=1e-12)
        others = np.delete(cosine_N, news.rows([name]))  # type: ignore[list-item]
        assert scores[0] == pytest.approx(others.max(), abs=1e-12)


def test_a_twin_is_no_more_than_the_same(stand: Stand) -> None:
    title = "The lost umbrella finds new friends at the lighthouse"
    for name in ("twin-1", "twin-2"):
        put(stand.service, name, title, category="money", subcategory="banks")
    try:
        answer = stand.service.get("/v1/articles/twin-1/similar", params={"limit": 1}).json()
        (item,) = answer["items"]
        assert item["article_id"] == "twin-2"
        assert item["score"] == pytest.approx(1, abs=1e-12)
        assert item["score"] <= 1
    finally:
        for name in ("twin-1", "twin-2"):
            stand.service.delete(f"/v1/articles/{name}")


@pytest.mark.parametrize(
    ("field", "value", "read_by"),
    [
        ("category", "food", {"naml", "lstur"}),
        ("subcategory", "soups", {"naml", "lstur"}),
        ("abstract", "Half of the nurses asks", {"naml"}),
        ("category", "a label of nobody's", {"naml", "lstur"}),
        ("author", "Somebody else", set()),
    ],
)
def test_an_edit_is_encoded_again_where_the_model_reads_what_was_edited(
    stand: Stand, field: str, value: str, read_by: set[str]
) -> None:
    fields = {
        "abstract": "The harbour club opens a new stand.",
        "category": "sport",
        "subcategory": "football",
        "author": "Somebody",
    }
    click(stand.service, "editor", *CLICKED)
    try:
        put(stand.service, "edited", "The harbour club opens", **fields)
        before = score_of(stand, "edited")
        answer = put(stand.service, "edited", "The harbour club opens", **fields | {field: value})
        after, reads = score_of(stand, "edited"), stand.offline.architecture in read_by
        assert answer.json()["status"] == "updated"
        assert ("encode" in answer.headers["server-timing"]) == reads
        assert (after != before) == reads
    finally:
        stand.service.delete("/v1/articles/edited")


def score_of(stand: Stand, article_id: str) -> float:
    request = {"user_id": "editor", "candidate_article_ids": [article_id]}
    (item,) = stand.service.post("/v1/rank", json=request).raise_for_status().json()["items"]
    score: float = item["score"]
    return score
