"""``newsstand export`` and ``import`` of a state, as an operator runs them, and killed at it."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.adapters.embedded_valkey import EmbeddedValkey
from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.transfer.formats import open_export
from service.transfer.records import Record
from tests.contract.transfer_stories import fill
from tests.unit.bare_install import run_without

COMMAND = [sys.executable, "-m", "service.cli"]
KILLS = 6


def newsstand(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True)


def records(path: Path) -> list[Record]:
    return list(open_export(path).records(0))


async def _filled(url: str) -> None:
    connection = Connection(url)
    await connection.open()
    await fill(connection, articles_=600, readers_=400)
    await connection.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a state that is worth moving; nothing runs there."""
    data = tmp_path_factory.mktemp("transfer") / "data"
    with EmbeddedValkey(data) as valkey:
        asyncio.run(_filled(valkey.url))
    return data


@pytest.fixture(scope="module")
def whole(folder: Path) -> tuple[Path, list[Record]]:
    """The export of that state, made without a disturbance."""
    target = folder.parent / "whole.jsonl"
    done = newsstand("export", target, "--data-dir", folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"{target}: 602 articles, 401 readers, {_counters(target)}, 1 experiment\n"
    )
    return target, records(target)


def _counters(target: Path) -> str:
    number = sum(record.kind == "counter" for record in records(target))
    return f"{number} counters"


def killed_again_and_again(
    arguments: list[str | Path], came_further: Callable[[], object], most: int
) -> None:
    """Run the command, kill it whenever it has come further, at last let it end."""
    for _ in range(most):
        before = came_further()
        with subprocess.Popen([*COMMAND, *map(str, arguments)], stderr=subprocess.PIPE) as process:
            while process.poll() is None and came_further() == before:
                time.sleep(0.001)
            process.kill()
    done = newsstand(*arguments)
    finished_before = "is there already" in done.stderr
    assert done.returncode == 0 or finished_before, done.stderr


@pytest.fixture
def running(folder: Path) -> Iterator[EmbeddedValkey]:
    """The store of a service that runs on the data folder."""
    with EmbeddedValkey(folder) as valkey:
        yield valkey


@pytest.mark.parametrize("name", ["killed.jsonl", "killed.jsonl.gz", "killed"])
def test_an_export_that_is_killed_again_and_again_ends_as_one_that_is_not(
    running: EmbeddedValkey,
    folder: Path,
    tmp_path: Path,
    whole: tuple[Path, list[Record]],
    name: str,
) -> None:
    target = tmp_path / name
    reached = tmp_path / f"{name}.export" / "reached.json"

    def came_further() -> object:
        try:
            return reached.read_bytes()
        except FileNotFoundError:
            return None

    killed_again_and_again(["export", target, "--data-dir", folder], came_further, KILLS)
    assert records(target) == whole[1]
    assert target.stat().st_mode & 0o077 == 0


def test_an_import_that_is_killed_again_and_again_ends_as_one_that_is_not(
    tmp_path: Path, whole: tuple[Path, list[Record]]
) -> None:
    source, expected = whole
    with EmbeddedValkey(tmp_path / "other") as valkey:
        progress = keys.imported(open_export(source).header.export_id)

        def came_further() -> object:
            return asyncio.run(_held(valkey.url, progress))

        arguments: list[str | Path] = ["import", source, "--redis-url", valkey.url]
        killed_again_and_again(arguments, came_further, 3)
        again = tmp_path / "again.jsonl"
        done = newsstand("export", again, "--redis-url", valkey.url)
        assert done.returncode == 0, done.stderr
        assert records(again) == expected


async def _held(url: str, key: str) -> bytes | None:
    connection = Connection(url)
    await connection.open()
    held: bytes | None = await connection.send("GET", key)
    await connection.close()
    return held


def test_what_goes_wrong_is_one_line(
    tmp_path: Path, folder: Path, whole: tuple[Path, list[Record]]
) -> None:
    refusals = [
        (["export", whole[0], "--data-dir", folder], "is there already"),
        (["export", tmp_path / "new.jsonl", "--data-dir", tmp_path / "no"], "nothing is stored"),
        (["import", whole[0], "--data-dir", folder], "--merge"),
        (["export", tmp_path / "x.jsonl", "--redis-url", "redis://127.0.0.1:1"], "not answer"),
    ]
    for arguments, reason in refusals:
        done = newsstand(*arguments)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith("newsstand: ")
        assert reason in line
    merged = newsstand("import", whole[0], "--data-dir", folder, "--merge")
    assert merged.returncode == 0, merged.stderr
    assert merged.stdout.startswith("602 articles, 401 readers")


def test_parquet_without_its_library_is_one_line_that_says_what_to_install(
    tmp_path: Path, folder: Path
) -> None:
    target = tmp_path / "state"
    done = run_without(["polars"], "service.cli", "export", target, "--data-dir", folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "newsstand: Parquet needs polars: pip install 'newsstand[replay]', or use .jsonl\n"
    )
    assert list(tmp_path.iterdir()) == []
    lines = tmp_path / "state.jsonl"
    done = run_without(["polars"], "service.cli", "export", lines, "--data-dir", folder)
    assert done.returncode == 0, done.stderr
    assert records(lines)
