"""Imports that end in the middle, and what the next run does."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.importing.errors import Refused
from tests.unit.importing.conftest import Importer
from tests.unit.importing.recording_service import RecordingService
from tests.unit.importing.test_command import counts, lines

Write = Callable[[str, str | bytes], Path]
IMPORT = """
import signal, sys
from pathlib import Path
from rich.console import Console
from service.importing.command import import_articles

signal.signal(signal.SIGINT, signal.default_int_handler)
source, to, state_folder = sys.argv[1:]
console = Console(stderr=True, width=200)
try:
    import_articles(source, to=to, state_folder=Path(state_folder), console=console, batch_size=10)
except KeyboardInterrupt:
    sys.exit(130)
"""


@contextmanager
def importing_process(source: Path, run_import: Importer) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", IMPORT, str(source), run_import.service.url]
    with subprocess.Popen(
        [*command, str(run_import.state_folder)], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def states(run_import: Importer) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in run_import.state_folder.iterdir()]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_import_that_is_stopped_goes_on_after_what_was_acknowledged(
    run_import: Importer, service: RecordingService, write: Write, how: signal.Signals
) -> None:
    path = write("news.jsonl", lines(75))
    service.holds = lambda items: items[0]["article_id"] in {"a30", "a40"}
    with importing_process(path, run_import) as process:
        # Two batches fly at a time: when the fifth does, the first three are acknowledged.
        service.wait_for_posts(5)
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
    if how is signal.SIGINT:
        assert process.returncode == 130, said
        assert "Stopped after 30 records: the next run goes on there" in said
    (state,) = states(run_import)
    assert (state["acknowledged"], state["finished"]) == (30, False)

    service.posts.clear()
    service.holds = lambda items: False
    report = run_import(path, batch_size=45)
    assert counts(report) == (45, 0, 30)
    assert service.received("article_id") == [f"a{n}" for n in range(30, 75)]
    (state,) = states(run_import)
    assert (state["acknowledged"], state["finished"]) == (75, True)


def test_a_finished_import_leaves_nothing_to_do_unless_it_is_wanted_again(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    path = write("news.jsonl", lines(5))
    run_import(path)
    assert counts(run_import(path)) == (0, 0, 5)
    assert "Nothing is left" in run_import.said.getvalue()
    assert len(service.posts) == 1
    report = run_import(path, again=True)
    assert counts(report) == (5, 0, 0)
    assert report.unchanged == 5


def test_a_changed_file_starts_anew(run_import: Importer, write: Write) -> None:
    path = write("news.jsonl", lines(5))
    run_import(path)
    write("news.jsonl", lines(6))
    assert counts(run_import(path)) == (6, 0, 0)
    before = path.stat()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert counts(run_import(path)) == (6, 0, 0)
    assert len(states(run_import)) == 1


def test_other_options_and_another_service_start_anew(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    path = write("news.jsonl", lines(5))
    assert counts(run_import(path)) == (5, 0, 0)
    assert counts(run_import(path, language="de")) == (5, 0, 0)
    same_place = service.url.replace("127.0.0.1", "localhost")
    assert counts(run_import(path, to=same_place)) == (5, 0, 0)
    assert counts(run_import(path, batch_size=2)) == (0, 0, 5)


def test_a_refusal_in_the_middle_is_resumed_from_there(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    path = write("news.jsonl", lines(5))
    service.script = [(401, {}, {"detail": "no key"})]
    service.scripted = lambda items: items[0]["article_id"] == "a2"
    with pytest.raises(Refused):
        run_import(path, batch_size=2)
    assert "Stopped after 2 records" in run_import.said.getvalue()
    assert counts(run_import(path, batch_size=2)) == (3, 0, 2)


def test_records_that_were_rejected_before_are_not_tried_again(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    path = write("news.jsonl", "broken\n" * 4 + lines(1))
    service.holds = lambda items: True
    with importing_process(path, run_import) as process:
        service.wait_for_posts(1)
        process.kill()
        process.communicate(timeout=60)
    service.holds = lambda items: False
    assert counts(run_import(path)) == (1, 4, 0)
    assert counts(run_import(path)) == (0, 0, 5)
    assert ", where 4 were rejected (" in run_import.said.getvalue()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"acknowledged": -1}', '{"other": 1}'])
def test_a_damaged_state_starts_anew(run_import: Importer, write: Write, content: str) -> None:
    path = write("news.jsonl", lines(5))
    run_import(path)
    (state,) = run_import.state_folder.iterdir()
    state.write_text(content)
    assert counts(run_import(path)) == (5, 0, 0)


def test_the_state_tells_nothing_of_keys_and_passwords(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    to = service.url.replace("127.0.0.1", "me:secret@127.0.0.1")
    run_import(write("news.jsonl", lines(1)), to=to, api_key="key-1")
    (state,) = run_import.state_folder.iterdir()
    assert "secret" not in state.read_text()
    assert "key-1" not in state.read_text()
