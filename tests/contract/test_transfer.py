"""Exports and imports: equal after a round trip, whole or not at all, and the newer stays."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis import keys
from service.adapters.redis.article_log import ArticleLog
from service.adapters.redis.connection import Connection
from service.adapters.redis.state_sink import RedisStateSink
from service.adapters.redis.state_source import RedisStateSource
from service.domain.event import Event
from service.domain.fields import ArticleId, UserId
from service.errors import Unavailable
from service.transfer.display import Display
from service.transfer.errors import NotAnExport, StoreNotEmpty, TargetTaken
from service.transfer.export_state import export_state
from service.transfer.formats import is_export, open_export
from service.transfer.import_state import import_state
from service.transfer.plan import UNIT
from service.transfer.records import Kind, Record
from service.transfer.store import Name, Wanted
from tests.contract.conftest import Run
from tests.contract.racing import killed_before
from tests.contract.transfer_stories import articles, fill, now_ms, readers, write
from tests.redis_servers import Cluster

SILENT = Display(Console(file=io.StringIO()), "test")
TARGETS = ["state.jsonl", "state.jsonl.gz", "state"]


async def exported(connection: Connection, target: Path) -> list[Record]:
    await export_state(RedisStateSource(connection), "here", target, SILENT)
    assert is_export(target)
    return list(open_export(target).records(0))


async def imported(
    connection: Connection, source: Path, merge: bool = False, again: bool = False
) -> int:
    sink = RedisStateSink(connection)
    counts = await import_state(open_export(source), sink, SILENT, merge=merge, again=again)
    return counts.total()


@pytest.mark.parametrize("name", TARGETS)
def test_a_round_trip_gives_an_equal_export(with_store: Run, tmp_path: Path, name: str) -> None:
    async def story(connection: Connection) -> None:
        await fill(connection)
        before = await exported(connection, tmp_path / name)
        await connection.each("FLUSHALL")
        assert await imported(connection, tmp_path / name) == len(before)
        after = await exported(connection, tmp_path / f"again-{name}")
        assert before == after
        kinds = [record.kind for record in before]
        assert kinds.count("article") == 32
        assert kinds.count("reader") == 21
        assert {"counter", "experiment"} <= set(kinds)

    with_store(story)


def test_every_format_holds_the_same(with_store: Run, tmp_path: Path) -> None:
    async def story(connection: Connection) -> None:
        await fill(connection)
        first, *others = [await exported(connection, tmp_path / name) for name in TARGETS]
        for other in others:
            assert other == first

    with_store(story)


def test_readers_and_articles_go_on_after_an_import(with_store: Run, tmp_path: Path) -> None:
    async def story(connection: Connection) -> None:
        await fill(connection)
        reader = UserId("reader-1")
        held = await readers(connection).read(reader)
        kept = await articles(connection).get([ArticleId("rich"), ArticleId("a1")])
        await exported(connection, tmp_path / "state.jsonl")
        await connection.each("FLUSHALL")
        position = await ArticleLog(connection).log_position()
        await imported(connection, tmp_path / "state.jsonl")
        again = await readers(connection).read(reader)
        assert (again.clicked, again.version, again.marks) == (
            held.clicked,
            held.version,
            held.marks,
        )
        assert again.vector is not None
        assert again.vector.tolist() == held.vector.tolist()
        piece = await ArticleLog(connection).log_after(position, 10)
        assert {change.article_id for change in piece.changes} >= {"rich", "a1"}
        unchanged = await articles(connection).put([write("rich", **_fields(kept[0]))])
        assert unchanged[0].status == "unchanged"
        repeated = Event(user_id=reader, article_id="a1", type="click", event_id="reader-1-3")
        (became,) = await readers(connection).record([repeated], now_ms())
        assert became.status == "duplicate"

    with_store(story)


def _fields(stored) -> dict:
    return stored.article.model_dump(exclude={"title"}, exclude_none=True)


def test_a_store_that_is_not_empty_is_merged_into_only_when_asked_and_the_newer_stays(
    with_store: Run, tmp_path: Path
) -> None:
    async def story(connection: Connection) -> None:
        target = tmp_path / "state.jsonl"
        await fill(connection)
        await exported(connection, target)
        await articles(connection).put([write("a1", "A newer title")])
        click = Event(user_id="reader-1", article_id="a9", type="click")
        await readers(connection).record([click], now_ms())
        await readers(connection).erase(UserId("reader-2"))
        await articles(connection).withdraw(ArticleId("a7"))
        with pytest.raises(StoreNotEmpty):
            await imported(connection, target)
        before = await readers(connection).read(UserId("reader-1"))
        await imported(connection, target, merge=True)
        newer, back = await articles(connection).get([ArticleId("a1"), ArticleId("a7")])
        assert (newer.article.title, back) == ("A newer title", None)
        assert await readers(connection).read(UserId("reader-1")) == before
        assert (await readers(connection).read(UserId("reader-2"))).clicked
        counted = await exported(connection, tmp_path / "merged.jsonl")
        clicks = [r for r in counted if r.kind == "counter" and r.event_type == "click"]
        assert sum(c.amount for r in clicks for c in r.counts) == 20 * 9 + 1

    with_store(story)


class Dying(RedisStateSource):
    """A store that goes away after some units."""

    def __init__(self, connection: Connection, reads: int) -> None:
        super().__init__(connection)
        self.left = reads

    async def read(self, kind: Kind, wanted: Sequence[Wanted]) -> list[Record]:
        if not self.left:
            raise Unavailable("away")
        self.left -= 1
        return await super().read(kind, wanted)


class Unplanned(RedisStateSource):
    def names(self) -> AsyncIterator[Name]:
        raise AssertionError("the plan stands already")


@pytest.mark.parametrize("name", TARGETS)
def test_an_export_goes_on_where_it_ended(with_store: Run, tmp_path: Path, name: str) -> None:
    async def story(connection: Connection) -> None:
        await fill(connection)
        whole = await exported(connection, tmp_path / f"whole-{name}")
        target = tmp_path / name
        with pytest.raises(Unavailable):
            await export_state(Dying(connection, 25), "here", target, SILENT)
        assert not target.exists()
        _tear(tmp_path / f"{name}.export" / "data")
        with pytest.raises(TargetTaken):
            await export_state(RedisStateSource(connection), "elsewhere", target, SILENT)
        await export_state(Unplanned(connection), "here", target, SILENT)
        assert list(open_export(target).records(0)) == whole
        assert not (tmp_path / f"{name}.export").exists()
        with pytest.raises(TargetTaken):
            await exported(connection, target)

    with_store(story)


def _tear(data: Path) -> None:
    """What a process leaves that dies while it writes a unit."""
    if data.is_dir():
        (data / "article-000031.part").write_bytes(b"half")
    else:
        with data.open("ab") as file:
            file.write(b'{"kind":"article","arti')


class Refusing(RedisStateSink):
    """A store that goes away after some writes."""

    def __init__(self, connection: Connection, writes: int) -> None:
        super().__init__(connection)
        self.left = writes

    async def write(self, records: Sequence[Record]) -> None:
        await super().write(records)
        if not self.left:
            raise Unavailable("away")
        self.left -= 1


@pytest.mark.parametrize("name", TARGETS)
def test_an_import_goes_on_where_it_ended(
    with_store: Run, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.transfer.import_state.WRITTEN_AT_ONCE", 10)

    async def story(connection: Connection) -> None:
        await fill(connection)
        before = await exported(connection, tmp_path / name)
        await connection.each("FLUSHALL")
        export = open_export(tmp_path / name)
        with pytest.raises(Unavailable):
            await import_state(export, Refusing(connection, 3), SILENT, merge=False, again=False)
        assert await imported(connection, tmp_path / name) == len(before) - 30
        assert await exported(connection, tmp_path / f"again-{name}") == before
        assert await imported(connection, tmp_path / name) == 0

    with_store(story)


def test_units_are_bounded_and_cover_everything_once(with_store: Run, tmp_path: Path) -> None:
    async def story(connection: Connection) -> None:
        monkey = pytest.MonkeyPatch()
        monkey.setattr("service.transfer.plan.UNIT", {**UNIT, "article": 1, "reader": 1})
        try:
            await fill(connection)
            small = await exported(connection, tmp_path / "small.jsonl")
        finally:
            monkey.undo()
        assert small == await exported(connection, tmp_path / "large.jsonl")

    with_store(story)


def test_what_the_outboxes_hold_is_in_the_export(with_store: Run, tmp_path: Path) -> None:
    async def story(connection: Connection) -> None:
        events = [Event(user_id=f"u{n}", article_id="a", type="click") for n in range(50)]
        await readers(connection).record(events, now_ms())
        held = await exported(connection, tmp_path / "state.jsonl")
        clicks = [r for r in held if r.kind == "counter" and r.event_type == "click"]
        assert sum(c.amount for r in clicks for c in r.counts) == 50

    with_store(story)


@pytest.mark.parametrize("name", ["state.jsonl", "state.jsonl.gz"])
def test_a_cut_off_file_is_refused(with_store: Run, tmp_path: Path, name: str) -> None:
    async def story(connection: Connection) -> None:
        await fill(connection)
        await exported(connection, tmp_path / name)
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: len(data) - 40])
        with pytest.raises(NotAnExport, match=r"cut off|to its end"):
            list(open_export(tmp_path / name).records(0))

    with_store(story)


def test_a_missing_part_is_refused(with_store: Run, tmp_path: Path) -> None:
    async def story(connection: Connection) -> None:
        await fill(connection)
        await exported(connection, tmp_path / "state")
        next((tmp_path / "state").glob("reader-*")).unlink()
        with pytest.raises(NotAnExport, match="records of readers"):
            open_export(tmp_path / "state")

    with_store(story)


def test_another_version_and_a_broken_record_are_refused_by_name(tmp_path: Path) -> None:
    header = {"format": "newsstand-state", "export_id": "e", "began_at": "now", "newsstand": "9"}
    path = tmp_path / "state.jsonl"
    end = {"kind": "end", "records": {"reader": 1}}

    def lines(*of: object) -> None:
        path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in of))

    lines({**header, "version": 2}, end)
    with pytest.raises(NotAnExport, match="format version 2"):
        open_export(path)
    lines(header, {"kind": "reader", "user_id": "a b"}, end)
    with pytest.raises(NotAnExport, match=r"line 2: reader\.user_id"):
        list(open_export(path).records(0))
    path.write_text('{"title": "An article"}\n')
    assert not is_export(path)


def test_a_state_moves_from_one_server_to_a_cluster_and_back(
    valkey: EmbeddedValkey, valkey_cluster: Cluster, tmp_path: Path
) -> None:
    async def moved(source: str, target: str, path: Path) -> list[Record]:
        there, here = Connection(source), Connection(target)
        try:
            await there.open()
            await here.open()
            await here.each("FLUSHALL")
            held = await exported(there, path)
            await imported(here, path)
            return held
        finally:
            await there.close()
            await here.close()

    async def story() -> None:
        one = Connection(valkey.url)
        await one.open()
        await one.each("FLUSHALL")
        await fill(one)
        await one.close()
        first = await moved(valkey.url, valkey_cluster.url, tmp_path / "out.jsonl")
        assert await moved(valkey_cluster.url, valkey.url, tmp_path / "back.jsonl") == first

    asyncio.run(story())


IMPORTING = """
import io
from pathlib import Path

from rich.console import Console

from service.adapters.redis.state_sink import RedisStateSink
from service.transfer.display import Display
from service.transfer.formats import open_export
from service.transfer.import_state import import_state

async def story(connection):
    display = Display(Console(file=io.StringIO()), "test")
    export, sink = open_export(Path(arguments[0])), RedisStateSink(connection)
    await import_state(export, sink, display, merge=False, again=False)
"""


def test_articles_that_an_import_wrote_and_did_not_log_are_logged_when_it_goes_on(
    with_store: Run, store_url: str, tmp_path: Path
) -> None:
    async def story(connection: Connection) -> None:
        source = tmp_path / "state.jsonl"
        await fill(connection)
        before = await exported(connection, source)
        await connection.each("FLUSHALL")
        await asyncio.to_thread(killed_before, "XADD", store_url, IMPORTING, str(source))
        (written,) = await articles(connection).get([ArticleId("a1")])
        assert written is not None
        assert await connection.send("XLEN", keys.ARTICLE_LOG) == 0
        await imported(connection, source)
        piece = await ArticleLog(connection).log_after(b"0-0", 10)
        stored = {record.article_id for record in before if record.kind == "article"} - {"gone"}
        assert {change.article_id for change in piece.changes} == stored

    with_store(story)
