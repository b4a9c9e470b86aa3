"""From one model to another while readers read, and back; and all that can go wrong on the way."""

import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.parity import post_news
from model_store import layout
from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis import keys
from tests.attention_artefacts import Workshop
from tests.integration.asking import click, eventually, ids, put, recommend
from tests.integration.service_process import ServiceProcess
from tests.integration.test_attention import CLICKED, Offline
from tests.integration.test_state_lost import confirmed, emptied

OLD, NEW, THIRD = "additive@1", "nrms@1", "naml@1"
READER = "reader"


@pytest.fixture(scope="module")
def store(workshop: Workshop) -> Path:
    """A store with the three models."""
    for model in (OLD, NEW, THIRD):
        workshop.make(model.partition("@")[0])
    return workshop.store


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path / "state") as running:
        yield running


Start = Callable[..., ServiceProcess]


@pytest.fixture
def start(store: Path, valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[Start]:
    """Starts replicas on one Valkey, each with generations of its own."""
    with ExitStack() as stack:
        numbers = count()

        def started(*more: str, models: Path = store, model: str = "additive") -> ServiceProcess:
            own = ["--data-dir", str(tmp_path / f"replica-{next(numbers)}")]
            names = ["--model-store", str(models), "--model", model]
            running = ServiceProcess("--redis-url", valkey.url, *own, *names, *more)
            return stack.enter_context(running)

        yield started


def switch(service: httpx.Client, model: str) -> None:
    response = service.put("/v1/models/active", json={"model": model})
    assert response.status_code == 202, response.text


def back(service: httpx.Client) -> None:
    response = service.post("/v1/models/rollback")
    assert response.status_code == 202, response.text


def models(service: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = service.get("/v1/models").json()
    return answer


def active(service: httpx.Client) -> str:
    model: str = models(service)["active"]
    return model


def switched(service: httpx.Client, model: str) -> None:
    """Ask for it, and wait until it is active here."""
    switch(service, model)
    eventually(lambda: active(service) == model, seconds=60)


def number(service: httpx.Client, metric: str) -> float:
    lines = service.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(metric))


def busy(answer: dict[str, Any]) -> bool:
    """Whether the machine was too busy for the state store's answer to come in time."""
    assert answer["degraded"] in ([], ["state_unavailable"])
    return bool(answer["degraded"])


@dataclass
class Crowd:
    """Readers who read, click and see articles come, and look at every answer."""

    services: list[httpx.Client]
    expected: dict[str, dict[str, float]]
    """By model: what every article scores for the reader."""
    like: dict[str, dict[str, Any]]
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def reading(self) -> Iterator[None]:
        jobs = [self._recommend, self._rank, self._explain, self._put, self._click]
        threads = [
            threading.Thread(target=self._again, args=(job, service.base_url))
            for job in jobs
            for service in self.services
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def _again(self, job: Callable[[httpx.Client, int], None], url: str) -> None:
        with httpx.Client(base_url=url, timeout=60) as service:
            for turn in count():
                if self._ended.is_set() and turn:
                    return
                try:
                    job(service, turn)
                except (AssertionError, LookupError, httpx.HTTPError) as error:
                    self.wrong.append(f"{job.__name__}: {error!r}")

    def _recommend(self, service: httpx.Client, turn: int) -> None:
        answer = recommend(service, user_id=READER, scenario="model", limit=20)
        self._check(answer, {i["article_id"]: i["relevance"] for i in answer["items"]})

    def _rank(self, service: httpx.Client, turn: int) -> None:
        asked = {"user_id": READER, "candidate_article_ids": sorted(self.like)}
        answer = service.post("/v1/rank", json=asked).json()
        assert len(answer["items"]) == len(self.like)
        self._check(answer, {i["article_id"]: i["score"] for i in answer["items"]})

    def _explain(self, service: httpx.Client, turn: int) -> None:
        answer = recommend(service, user_id=READER, scenario="model", limit=5, explain=True)
        for item in [] if busy(answer) else answer["items"]:
            parts = [c["contribution"] for c in item["reason"]["clicks"]]
            assert abs(sum(parts) - item["relevance"]) < 1e-3

    def _put(self, service: httpx.Client, turn: int) -> None:
        like = sorted(self.like)[turn % len(self.like)]
        put(service, f"{like}.{turn}.{service.base_url.port}", **self.like[like])

    def _click(self, service: httpx.Client, turn: int) -> None:
        user = f"other-{turn % 7}"
        click(service, user, sorted(self.like)[turn % len(self.like)])
        answer = recommend(service, user_id=user)
        assert busy(answer) or sorted(self.like)[turn % len(self.like)] not in ids(answer)

    def _check(self, answer: dict[str, Any], scores: dict[str, float]) -> None:
        assert scores
        if busy(answer):
            return
        expected = self.expected[answer["model"]]
        for article_id, score in scores.items():
            assert score == expected[article_id.partition(".")[0]], (answer["model"], article_id)
        self.answers[answer["model"]] += 1


@pytest.fixture
def crowd(workshop: Workshop, store: Path) -> Callable[..., Crowd]:
    news = workshop.log.news
    offline = {
        f"{made.artefact.manifest.reference}": Offline.of(made.artefact, news)
        for made in (workshop.make("additive"), workshop.make("nrms"), workshop.make("naml"))
    }
    fields = ("title", "abstract", "category", "subcategory", "language")
    like = {
        article_id: {name: value for name, value in zip(fields, values, strict=True) if value}
        for article_id, *values in zip(
            news.ids, *(news.column(name) for name in fields), strict=True
        )
    }

    def gathered(*services: ServiceProcess) -> Crowd:
        post_news(services[0].client, news)
        click(services[0].client, READER, *CLICKED)
        for service in services:
            eventually(lambda s=service: len(ids(recommend(s.client, limit=100))) == len(like))
        expected = {model: of.scores(READER, CLICKED) for model, of in offline.items()}
        return Crowd([service.client for service in services], expected, like)

    return gathered


def test_a_switch_and_a_rollback_under_load_fail_no_request_and_mix_no_spaces(
    start: Start, crowd: Callable[..., Crowd]
) -> None:
    one, other = start(), start("--workers", "2")
    readers = crowd(one, other)
    both = (one.client, other.client)
    with readers.reading():
        eventually(lambda: readers.answers[OLD] > 50)
        switched(one.client, NEW)
        eventually(lambda: active(other.client) == NEW)
        seen = readers.answers[NEW]
        eventually(lambda: readers.answers[NEW] > seen + 50)
        back(other.client)
        seen = readers.answers[OLD]
        eventually(lambda: all(active(service) == OLD for service in both))
        eventually(lambda: readers.answers[OLD] > seen + 50)
        switched(other.client, THIRD)
        eventually(lambda: readers.answers[THIRD] > 50)
    assert not readers.wrong, readers.wrong[:5]
    assert set(readers.answers) == {OLD, NEW, THIRD}


def test_what_came_after_a_switch_is_there_after_the_way_back(start: Start) -> None:
    service = start().client
    put(service, "a", "The night train waits for calmer water")
    switched(service, NEW)
    put(service, "b", "A pot of lentils tastes better on the second day")
    click(service, "u", "a")
    service.delete("/v1/articles/a")
    back(service)
    assert active(service) == OLD
    answer = recommend(service, user_id="u")
    assert (answer["model"], ids(answer), answer["degraded"]) == (OLD, ["b"], [])
    assert models(service)["previous"] == NEW
    assert number(service, f'newsstand_model{{model="{OLD}",role="active"}}') == 1
    assert number(service, f'newsstand_model{{model="{NEW}",role="active"}}') == 0
    assert number(service, f'newsstand_model{{model="{NEW}",role="previous"}}') == 1
    assert number(service, "newsstand_model_switches ") == 2


def test_all_articles_are_encoded_once_for_all_replicas(start: Start, workshop: Workshop) -> None:
    one, other = start().client, start().client
    post_news(one, workshop.log.news)
    before = [encoded(service) for service in (one, other)]
    assert sum(before) == len(workshop.log.news.ids)
    switched(one, NEW)
    eventually(lambda: active(other) == NEW)
    after = [encoded(service) for service in (one, other)]
    assert sum(after) == 2 * len(workshop.log.news.ids)
    assert before in ([after[0], before[1]], [before[0], after[1]])  # one of them did it all


def test_a_damaged_model_is_refused_and_nothing_changes(
    start: Start, store: Path, tmp_path: Path
) -> None:
    own = tmp_path / "models"
    shutil.copytree(store, own)
    file = own / "nrms" / "1" / layout.news_encoder("fp32")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    service = start(models=own).client
    response = service.put("/v1/models/active", json={"model": NEW})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/model"
    for unknown in ("nrms@9", "nobody", "../nrms", ""):
        assert service.put("/v1/models/active", json={"model": unknown}).status_code == 422
    said = models(service)
    assert (said["active"], said["previous"], said["switch"]) == (OLD, None, None)
    assert service.post("/v1/models/rollback").status_code == 409


def test_a_model_that_one_replica_lacks_comes_nowhere(
    start: Start, store: Path, tmp_path: Path
) -> None:
    without = tmp_path / "models"
    shutil.copytree(store, without)
    shutil.rmtree(without / "nrms" / "1")
    one, other = start(), start(models=without)
    put(one.client, "a", "The lost umbrella finds new friends")
    switch(one.client, NEW)
    eventually(lambda: models(one.client)["failed"] is not None)
    said = models(one.client)
    assert (said["active"], said["previous"], said["switch"]) == (OLD, None, None)
    assert said["failed"]["model"] == NEW
    assert "no version 1 of nrms" in said["failed"]["reason"]
    switched(one.client, THIRD)
    eventually(lambda: active(other.client) == THIRD)
    assert models(one.client)["failed"] is None


def test_a_switch_outlives_the_replica_that_leads_it(start: Start, workshop: Workshop) -> None:
    replicas = [start("--reencode-share", "0.02"), start("--reencode-share", "0.02")]
    post_news(replicas[0].client, workshop.log.news)
    before = {replica: encoded(replica.client) for replica in replicas}
    switch(replicas[0].client, NEW)
    eventually(lambda: any(encoded(r.client) > before[r] for r in replicas))
    (leading,) = (replica for replica in replicas if encoded(replica.client) > before[replica])
    (other,) = (replica for replica in replicas if replica is not leading)
    eventually(lambda: models(other.client)["switch"] is not None)
    assert models(other.client)["switch"]["state"] == "encoding"
    leading.stop(signal.SIGKILL)
    eventually(lambda: active(other.client) == NEW, seconds=60)
    late = start()
    assert active(late.client) == NEW
    assert ids(recommend(late.client, limit=100))
    back(late.client)
    eventually(lambda: active(other.client) == OLD)
    eventually(lambda: active(late.client) == OLD)


def encoded(service: httpx.Client) -> float:
    return number(service, "newsstand_encoder_texts_total")


def test_a_switch_is_called_off_by_asking_for_what_is_active(
    start: Start, workshop: Workshop
) -> None:
    service = start("--reencode-share", "0.01").client
    post_news(service, workshop.log.news)
    switch(service, NEW)
    assert models(service)["switch"]["model"] == NEW
    switch(service, OLD)
    said = models(service)
    assert (said["active"], said["previous"], said["switch"]) == (OLD, None, None)
    eventually(lambda: not models(service)["leaving"])


def test_what_is_withdrawn_while_a_model_comes_is_gone_under_it(
    start: Start, workshop: Workshop
) -> None:
    """Of several workers one writes the new catalogue, and all follow the log."""
    service = start("--workers", "3", "--reencode-share", "0.02")
    url = service.client.base_url
    post_news(service.client, workshop.log.news)
    switch(service.client, NEW)
    for turn in range(9):  # whichever workers these go to
        with httpx.Client(base_url=url, timeout=60) as client:
            put(client, f"gone-{turn}", f"A lighthouse comes back after ten years {turn}")
        with httpx.Client(base_url=url, timeout=60) as client:
            client.delete(f"/v1/articles/gone-{turn}")
    seen: set[int] = set()

    def all_switched() -> bool:
        with httpx.Client(base_url=url, timeout=60) as client:
            health = client.get("/health/live").json()
            if health["model"] == NEW:
                shown = ids(recommend(client, limit=200))
                assert not any(article.startswith("gone-") for article in shown)
                assert len(shown) == len(workshop.log.news.ids)
                seen.add(health["process"])
        return len(seen) == 3

    eventually(all_switched, seconds=120)


def test_the_active_model_is_the_stores_after_a_restart(start: Start) -> None:
    first = start()
    put(first.client, "a", "Two brothers train before sunrise")
    switched(first.client, NEW)
    assert first.stop(signal.SIGTERM) == 0
    again = start().client
    assert active(again) == NEW
    assert ids(recommend(again)) == ["a"]
    eventually(lambda: models(again)["previous"] == OLD)
    back(again)
    eventually(lambda: active(again) == OLD)


def test_a_roster_that_was_lost_comes_back_once_the_store_is_confirmed(
    start: Start, valkey: EmbeddedValkey
) -> None:
    service = start().client
    put(service, "a", "A cold cucumber soup warms a winter evening")
    switched(service, NEW)
    emptied(valkey)
    eventually(lambda: service.get("/health/ready").status_code == 503)
    assert service.put("/v1/models/active", json={"model": THIRD}).status_code == 503
    assert active(service) == NEW
    confirmed(valkey)
    eventually(lambda: service.get("/health/ready").status_code == 200)
    assert active(start(model="naml").client) == NEW
    back(service)
    assert active(service) == OLD
    assert ids(recommend(service)) == ["a"]


def test_one_model_comes_at_a_time_and_the_same_wish_is_no_other(
    start: Start, workshop: Workshop
) -> None:
    service = start("--reencode-share", "0.01").client
    post_news(service, workshop.log.news)
    switch(service, NEW)
    switch(service, NEW)
    response = service.put("/v1/models/active", json={"model": THIRD})
    assert response.status_code == 409
    assert response.json()["title"] == "Conflict"
    said = models(service)
    assert said["switch"]["model"] == NEW
    states = {listed["model"]: listed["state"] for listed in said["models"]}
    assert (states[OLD], states[NEW], states[THIRD]) == ("active", "coming", "available")


def test_a_text_that_changed_while_only_one_model_was_known_is_encoded_anew(start: Start) -> None:
    service = start().client
    put(service, "a", "An empty museum stays closed until spring")
    switched(service, NEW)
    switched(service, THIRD)
    eventually(lambda: all(m["state"] != "previous" or m["model"] == NEW for m in _listed(service)))
    put(service, "a", "The women's eight wins by half a length")
    put(service, "b", "The women's eight wins by half a length")
    switched(service, OLD)
    (nearest,) = service.get("/v1/articles/a/similar").json()["items"]
    assert nearest["article_id"] == "b"
    assert nearest["score"] == pytest.approx(1.0, abs=1e-3)


def _listed(service: httpx.Client) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = models(service)["models"]
    return listed


def test_vectors_of_models_that_are_not_kept_are_removed(
    start: Start, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    service = start().client
    for name in "abc":
        put(service, name, f"A savings bank warns of rising prices {name}")
    switched(service, NEW)
    switched(service, THIRD)
    eventually(lambda: _stored_models(valkey) == {NEW: 3, THIRD: 3})
    eventually(lambda: not list(tmp_path.glob(f"replica-*/catalogue/*/{OLD}")))


def _stored_models(valkey: EmbeddedValkey) -> dict[str, int]:
    import redis

    with redis.Redis.from_url(valkey.url) as client:
        held = [keys.vector_of(key) for key in client.scan_iter(b"ns:vector:*")]
    return dict(Counter(found[1] for found in held if found))
