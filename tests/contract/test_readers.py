"""The reader store against a plain model of what it promises."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.adapters.redis.connection import Connection
from service.adapters.redis.readers import RedisReaders
from service.domain.event import Event
from service.domain.fields import UserId
from service.domain.reader import Reader
from service.domain.served import Drawn, ServedList
from tests.contract.conftest import Run

LENGTH = 5
ARRIVAL_MS = 1_790_000_000_000

events = st.builds(
    dict,
    user_id=st.sampled_from(["u1", "u2", "r:3@x"]),
    article_id=st.sampled_from(["a", "b", "c", "long-" * 40, "d"]),
    type=st.sampled_from(["click", "click", "click", "impression", "like", "dislike", "hide"]),
    timestamp=st.one_of(st.none(), st.integers(ARRIVAL_MS - 50, ARRIVAL_MS)),
    event_id=st.one_of(st.none(), st.sampled_from(["e1", "e2", "e3"])),
)


@dataclass
class PlainReader:
    """The promise, in the plainest words."""

    clicks: list[tuple[int, int, str]] = field(default_factory=list)
    marks: dict[tuple[str, str], int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def record(self, number: int, event: dict) -> str:
        if event["event_id"] in self.seen:
            return "duplicate"
        if event["event_id"] is not None:
            self.seen.add(event["event_id"])
        moment = event["timestamp"] or ARRIVAL_MS
        article, kind = event["article_id"], event["type"]
        if kind == "click":
            self.clicks = sorted([*self.clicks, (moment, number, article)])
            while len(self.clicks) > LENGTH:
                oldest = self.clicks.pop(0)
                self._mark("click", oldest[2], oldest[0])
        elif kind != "impression":
            opposite = {"like": "dislike", "dislike": "like"}.get(kind, "")
            self.marks.pop((opposite, article), None)
            self._mark(kind, article, moment)
        return "recorded"

    def _mark(self, kind: str, article: str, moment: int) -> None:
        self.marks[kind, article] = max(moment, self.marks.get((kind, article), 0))


def readers(connection: Connection, model: str = "m@1") -> RedisReaders:
    return RedisReaders(connection, model=model, history_length=LENGTH, reader_seconds=1000)


def sent(event: dict) -> Event:
    moment = event["timestamp"]
    stamp = None if moment is None else datetime.fromtimestamp(moment / 1000, UTC)
    return Event.model_validate({**event, "timestamp": stamp})


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=st.lists(st.lists(events, max_size=12), max_size=5))
def test_what_is_read_is_what_was_recorded(with_store: Run, batches: list[list[dict]]) -> None:
    async def story(connection: Connection) -> None:
        store, plain, number = readers(connection), {}, 0
        for batch in batches:
            expected = []
            for event in batch:
                number += 1
                reader = plain.setdefault(event["user_id"], PlainReader())
                expected.append(reader.record(number, event))
            answers = await store.record([sent(event) for event in batch], ARRIVAL_MS)
            assert [answer.status for answer in answers] == expected
        for user_id, reader in plain.items():
            held = await store.read(UserId(user_id))
            held_clicks = list(zip(held.clicked_ms, held.clicked, strict=True))
            assert held_clicks == [(moment, article) for moment, _, article in reader.clicks]
            marks = {(m.type, m.article_id): m.timestamp_ms for m in held.marks}
            assert marks == reader.marks

    with_store(story)


async def clicked(store: RedisReaders, *articles: str) -> Reader:
    events = [Event(user_id="u", article_id=article, type="click") for article in articles]
    await store.record(events, ARRIVAL_MS)
    return await store.read(UserId("u"))


def test_a_vector_is_kept_until_the_next_click(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = readers(connection)
        reader = await clicked(store, "a")
        vector = np.arange(4, dtype=np.float16)
        await store.remember_vector(UserId("u"), reader.version, vector)
        current = await store.read(UserId("u"))
        assert current.vector is not None
        assert current.vector.tolist() == vector.tolist()
        assert (await clicked(store, "b")).vector is None

    with_store(story)


def test_a_slow_writer_never_overwrites_what_a_newer_history_made(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = readers(connection)
        slow = await clicked(store, "a")
        fast = await clicked(store, "b")
        await store.remember_vector(UserId("u"), fast.version, np.ones(4, np.float16))
        await store.remember_vector(UserId("u"), slow.version, np.zeros(4, np.float16))
        held = await store.read(UserId("u"))
        assert held.vector is not None
        assert held.vector.tolist() == [1, 1, 1, 1]

    with_store(story)


def test_a_vector_of_another_model_does_not_count(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        old, new = readers(connection, "m@1"), readers(connection, "m@2")
        reader = await clicked(old, "a")
        await old.remember_vector(UserId("u"), reader.version, np.ones(4, np.float16))
        assert (await new.read(UserId("u"))).vector is None

    with_store(story)


def test_an_erased_reader_who_returns_is_not_given_the_old_vector(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = readers(connection)
        before = await clicked(store, "a")
        await store.erase(UserId("u"))
        after = await clicked(store, "a")
        await store.remember_vector(UserId("u"), before.version, np.ones(4, np.float16))
        assert after.version != before.version
        assert (await store.read(UserId("u"))).vector is None

    with_store(story)


def test_erasing_leaves_no_key_that_names_the_reader(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = readers(connection)
        events = [
            Event(user_id="someone", article_id="a", type=kind, event_id=kind)
            for kind in ("click", "impression", "like", "hide")
        ]
        await store.record(events, ARRIVAL_MS)
        held = await store.read(UserId("someone"))
        await store.remember_vector(UserId("someone"), held.version, np.ones(4, np.float16))
        await store.erase(UserId("someone"))
        async for key in connection.scan(b"*"):
            assert b"someone" not in key
            kind = await connection.send("TYPE", key)
            if kind in (b"stream", "stream"):
                assert (
                    b"someone" not in repr(await connection.send("XRANGE", key, "-", "+")).encode()
                )

    with_store(story)


def test_every_key_of_a_reader_has_a_bounded_life(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = readers(connection)
        reader = await clicked(store, *"abcdefgh")
        await store.record(
            [Event(user_id="u", article_id="x", type="hide", event_id="e")], ARRIVAL_MS
        )
        reader = await store.read(UserId("u"))
        await store.remember_vector(UserId("u"), reader.version, np.ones(4, np.float16))
        names = [key async for key in connection.scan(b"*") if b":u" in key]
        assert len(names) == 4
        for name in names:
            assert await connection.send("PTTL", name) > 0

    with_store(story)


def test_scripts_come_back_after_the_server_forgot_them(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = readers(connection)
        await clicked(store, "a")
        await connection.send("SCRIPT", "FLUSH")
        assert (await store.read(UserId("u"))).clicked == ("a",)
        await connection.send("SCRIPT", "FLUSH")
        assert len((await clicked(store, "b")).clicked) == 2

    with_store(story)


def served(name: str, moment_ms: int, **more: object) -> ServedList:
    plain = {"scenario": "default", "experiment": None, "variant": None}
    return ServedList(name, moment_ms, article_ids=("a", "b"), **{**plain, **more})


def test_lists_are_kept_as_they_were_served_the_newest_of_them(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store, now = readers(connection), int(time.time() * 1000)
        full = served(
            "full",
            now,
            experiment="x",
            variant="v",
            drawn=(Drawn("b", 0.125, ("v", "w"), ("w",)), Drawn("a", 1 / 3)),
        )
        store.remember_served(UserId("u"), full)
        for number in range(30):
            store.remember_served(UserId("u"), served(f"list-{number}", now - 30 + number))
        store.remember_served(UserId("u"), served("old", now - 8 * 86_400_000))
        stored = await store.stored(UserId("u"))
        kept = stored.served.lists
        drawn = [(d.article_id, d.propensity, d.judged, d.chosen_by) for d in kept[-1].drawn]
        assert drawn == [("b", 0.125, ("v", "w"), ("w",)), ("a", 1 / 3, (), ())]
        last = kept[-1]
        assert (last.recommendation_id, last.moment_ms) == ("full", full.moment_ms)
        assert (last.experiment, last.variant, last.article_ids) == ("x", "v", ("a", "b"))
        assert last.outcomes == "00"
        assert [one.recommendation_id for one in kept[:-1]] == [f"list-{n}" for n in range(11, 30)]

    with_store(story)


def test_a_list_served_before_an_erasure_is_not_written_after_it(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        here, elsewhere = readers(connection), readers(connection)
        elsewhere.remember_served(UserId("u"), served("late", int(time.time() * 1000)))
        await here.erase(UserId("u"))
        await elsewhere.flush()
        assert await elsewhere.stored(UserId("u")) is None
        names = [key async for key in connection.scan(b"*")]
        assert not any(key.endswith(b":u") for key in names)

    with_store(story)


def test_what_is_shown_is_counted_until_it_is_clicked(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = readers(connection)

        async def happens(kind: str, article: str, moment_ms: int) -> None:
            moment = datetime.fromtimestamp(moment_ms / 1000, UTC)
            event = Event(user_id="u", article_id=article, type=kind, timestamp=moment)
            await store.record([event], ARRIVAL_MS)

        for times in range(3):
            await happens("impression", "a", ARRIVAL_MS - times * 60_000)
        await happens("impression", "b", ARRIVAL_MS)
        assert (await store.read(UserId("u"))).shown == {"a": 3, "b": 1}
        await happens("click", "a", ARRIVAL_MS)
        assert (await store.read(UserId("u"))).shown == {"b": 1}
        for number in range(250):
            await happens("impression", f"n{number}", ARRIVAL_MS + (number + 1) * 60_000)
        shown = (await store.read(UserId("u"))).shown
        assert len(shown) == 200
        assert "b" not in shown

    with_store(story)


def test_a_like_goes_before_a_hide_where_there_is_no_room(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = readers(connection)
        hide = Event(
            user_id="u", article_id="hidden", type="hide", timestamp="2026-01-01T00:00:00Z"
        )
        likes = [Event(user_id="u", article_id=f"a{n}", type="like") for n in range(1_005)]
        await store.record([hide, *likes], ARRIVAL_MS)
        reader = await store.read(UserId("u"))
        assert len(reader.marks) == 1_000
        assert "hidden" in reader.never_again()

    with_store(story)


def test_the_last_event_ids_of_a_large_batch_are_the_ones_remembered(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        store = readers(connection)
        sent = [
            Event(user_id="u", article_id="a", type="impression", event_id=f"e{n}")
            for n in range(210)
        ]
        await store.record(sent, ARRIVAL_MS)
        again = await store.record(sent[-200:], ARRIVAL_MS)
        assert {one.status for one in again} == {"duplicate"}

    with_store(story)
