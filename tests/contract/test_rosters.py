"""The roster of models: who decides what, and when."""

import asyncio

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.adapters.redis.rosters import RedisRosters
from service.models.roster import Coming, Report, Roster
from tests.contract.conftest import Run

OLD, NEW, NEWER = "m@1", "m@2", "m@3"
SOON_MS = 60_000


def process(
    connection: Connection,
    *,
    gone_after_ms: int = SOON_MS,
    heard_within_ms: int = 0,
    previous_stays_ms: int = SOON_MS,
) -> RedisRosters:
    return RedisRosters(
        connection,
        gone_after_ms=gone_after_ms,
        heard_within_ms=heard_within_ms,
        previous_stays_ms=previous_stays_ms,
    )


def ready(*models: str) -> Report:
    return Report(frozenset(models))


async def switched(rosters: RedisRosters, model: str, active: str) -> None:
    assert await rosters.ask(model, active) == "coming"
    assert await rosters.progress(model, 1, 1, encoded=True)
    await rosters.report(ready(active, model))
    assert (await rosters.read()).active == model


def test_nothing_is_said_before_a_model_is_asked_for(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        rosters = process(connection)
        assert await rosters.read() == Roster()
        assert not await rosters.roll_back()
        assert (await rosters.report(ready(OLD))).leads
        assert await rosters.read() == Roster()

    with_store(story)


def test_a_model_is_active_once_it_is_encoded_and_every_process_is_ready(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        one, other = process(connection), process(connection)
        assert await one.ask(NEW, OLD) == "coming"
        assert await one.read() == Roster(active=OLD, coming=Coming(NEW, False, 0, 0))
        await one.report(ready(OLD, NEW))
        await other.report(ready(OLD))
        assert await one.progress(NEW, 3, 4)
        assert (await other.read()).coming == Coming(NEW, False, 3, 4)
        assert await one.progress(NEW, 4, 4, encoded=True)
        standing = await one.report(ready(OLD, NEW))
        assert (standing.ready, standing.processes) == (1, 2)
        assert (await one.read()).active == OLD
        await other.report(ready(OLD, NEW))
        assert await one.read() == Roster(active=NEW, previous=OLD, switches=1)

    with_store(story)


def test_ready_is_said_of_a_whole_name(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        rosters = process(connection)
        await rosters.ask("m@2", OLD)
        await rosters.progress("m@2", 1, 1, encoded=True)
        assert (await rosters.report(ready("m@20", "am@2"))).ready == 0

    with_store(story)


def test_a_process_that_died_is_not_waited_for(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        one, dead = process(connection, gone_after_ms=200), process(connection)
        await one.ask(NEW, OLD)
        assert (await dead.report(ready(OLD))).leads
        assert await dead.progress(NEW, 1, 1, encoded=True)
        async with asyncio.timeout(30):
            while (await one.read()).active == OLD:
                standing = await one.report(ready(OLD, NEW))
        assert standing.leads

    with_store(story)


def test_everybody_is_given_time_to_hear_of_it(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        rosters = process(connection, heard_within_ms=SOON_MS)
        await rosters.ask(NEW, OLD)
        await rosters.progress(NEW, 1, 1, encoded=True)
        await rosters.report(ready(OLD, NEW))
        assert (await rosters.read()).active == OLD

    with_store(story)


def test_one_leads_until_it_is_gone(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        one, other = process(connection), process(connection)
        assert (await one.report(Report())).leads
        assert not (await other.report(Report())).leads
        await connection.send("HDEL", keys.ROSTER_PROCESSES, one._process)
        assert (await other.report(Report())).leads

    with_store(story)


def test_a_model_that_cannot_be_opened_changes_nothing(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        one, other = process(connection), process(connection)
        await one.ask(NEW, OLD)
        await one.report(ready(OLD, NEW))
        await other.report(Report(frozenset({OLD}), (NEW, "a file is damaged")))
        roster = await one.read()
        assert (roster.active, roster.coming, roster.doomed) == (OLD, None, (NEW,))
        assert roster.failure is not None
        assert (roster.failure.model, roster.failure.reason) == (NEW, "a file is damaged")
        assert not await one.progress(NEW, 1, 1, encoded=True)
        assert await one.ask(NEW, OLD) == "coming"
        roster = await one.read()
        assert (roster.failure, roster.doomed) == (None, ())

    with_store(story)


def test_a_failure_of_another_model_says_nothing_of_this(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        rosters = process(connection)
        await rosters.ask(NEW, OLD)
        await rosters.report(Report(frozenset({OLD}), (NEWER, "not here")))
        assert (await rosters.read()).coming == Coming(NEW, False, 0, 0)

    with_store(story)


def test_one_model_comes_at_a_time(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        rosters = process(connection)
        await rosters.ask(NEW, OLD)
        assert await rosters.ask(NEW, OLD) == "coming"
        assert await rosters.ask(NEWER, OLD) == "busy"

    with_store(story)


def test_to_wish_for_the_active_model_drops_what_is_coming(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        rosters = process(connection)
        assert await rosters.ask(OLD, OLD) == "active"
        await rosters.ask(NEW, OLD)
        assert await rosters.ask(OLD, OLD) == "active"
        assert await rosters.read() == Roster(active=OLD, doomed=(NEW,))

    with_store(story)


def test_only_who_leads_says_how_far_the_encoding_is_and_never_back(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        one, other = process(connection), process(connection)
        await one.ask(NEW, OLD)
        await one.report(ready(OLD))
        assert not await other.progress(NEW, 2, 9)
        assert await one.progress(NEW, 3, 9)
        assert await one.progress(NEW, 9, 9, encoded=True)
        assert not await one.progress(NEW, 4, 9)
        assert (await one.read()).coming == Coming(NEW, True, 9, 9)

    with_store(story)


def test_back_is_at_once_and_back_again_too(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        rosters = process(connection)
        await switched(rosters, NEW, OLD)
        assert await rosters.roll_back()
        assert await rosters.read() == Roster(active=OLD, previous=NEW, switches=2)
        assert await rosters.ask(NEW, OLD) == "active"
        assert await rosters.read() == Roster(active=NEW, previous=OLD, switches=3)
        assert await rosters.ask(NEW, NEW) == "active"
        assert (await rosters.read()).switches == 3

    with_store(story)


def test_back_drops_what_is_coming(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        rosters = process(connection)
        await switched(rosters, NEW, OLD)
        await rosters.ask(NEWER, NEW)
        assert await rosters.roll_back()
        expected = Roster(active=OLD, previous=NEW, switches=2, doomed=(NEWER,))
        assert await rosters.read() == expected

    with_store(story)


def test_the_one_before_the_previous_is_doomed(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        rosters = process(connection)
        await switched(rosters, NEW, OLD)
        await switched(rosters, NEWER, NEW)
        expected = Roster(active=NEWER, previous=NEW, switches=2, doomed=(OLD,))
        assert await rosters.read() == expected
        await rosters.forgotten(OLD)
        assert (await rosters.read()).doomed == ()

    with_store(story)


def test_a_previous_model_stays_for_its_time(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        rosters = process(connection, previous_stays_ms=-1)
        await switched(rosters, NEW, OLD)
        await rosters.report(ready(NEW))
        assert await rosters.read() == Roster(active=NEW, switches=1, doomed=(OLD,))

    with_store(story)


def test_a_roster_that_was_lost_is_given_back_but_never_over_another(with_store: Run) -> None:
    async def story(connection: Connection) -> None:
        rosters = process(connection)
        await rosters.restore(Roster())
        assert await rosters.read() == Roster()
        await rosters.restore(Roster(active=NEW, previous=OLD))
        assert await rosters.read() == Roster(active=NEW, previous=OLD)
        await rosters.restore(Roster(active=NEWER))
        assert (await rosters.read()).active == NEW
        assert await rosters.roll_back()

    with_store(story)
