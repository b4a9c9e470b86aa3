"""Where the encoder process listens, and what the supervisor says of those it keeps running."""

import os
import socket
import stat
import subprocess
import sys
import tempfile
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from service.encoder import socket_of
from service.errors import SetupError
from service.settings import Settings
from service.supervisor import READY, Worker, supervise


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own for sockets."""
    folder = tmp_path / "t"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def ended_pid() -> int:
    """The number of a process that is no more."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_services_that_share_a_data_folder_have_sockets_of_their_own(tmp_path: Path) -> None:
    own, theirs = socket_of(tmp_path, os.getpid()), socket_of(tmp_path, os.getppid())
    assert own != theirs
    assert own.parent == theirs.parent
    assert stat.S_IMODE(own.parent.stat().st_mode) == 0o700


def test_what_dead_supervisors_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    running, of_another = socket_of(tmp_path, os.getppid()), socket_of(tmp_path / "b", ended_pid())
    dead = socket_of(tmp_path, ended_pid())
    for path in (running, of_another, dead):
        path.touch()
    socket_of(tmp_path, os.getpid())
    assert running.exists()
    assert of_another.exists()
    assert not dead.exists()


def test_a_folder_that_others_may_use_is_refused(tmp_path: Path, temporary: Path) -> None:
    folder = socket_of(tmp_path, 1).parent
    folder.chmod(0o755)
    with pytest.raises(SetupError, match="no other may use"):
        socket_of(tmp_path, 1)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(SetupError, match="no other may use"):
        socket_of(tmp_path, 1)
    folder.unlink()
    folder.touch()
    with pytest.raises(SetupError):
        socket_of(tmp_path, 1)


def note(path: Path, words: str) -> None:
    """Add a line that other processes may add to, too."""
    with path.open("a") as file:
        file.write(words + "\n")


def encode(ends: Path, settings: Settings, line: Connection) -> None:
    """Stands in for the encoder: it ends when it is told to, and says so."""
    _until_told(ends, "encoder", line)


def work(ends: Path, settings: Settings, listening: socket.socket, line: Connection) -> None:
    """Stands in for a worker."""
    _until_told(ends, "worker", line)


def _until_told(ends: Path, name: str, line: Connection) -> None:
    import signal
    import threading

    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    line.send(READY)
    told.wait()
    note(ends, name)


def test_the_encoder_ends_after_the_workers_which_may_still_need_it(tmp_path: Path) -> None:
    def ready() -> None:
        raise KeyboardInterrupt

    ends = tmp_path / "ends"
    settings = Settings(workers=2, data_dir=tmp_path / "d", redis_url="redis://nowhere")
    with socket.socket() as listening, pytest.raises(KeyboardInterrupt):
        supervise(settings, listening, partial(work, ends), partial(encode, ends), ready)
    assert ends.read_text().split() == ["worker", "worker", "encoder"]


def silent(line: Connection) -> None:
    """Ends without a word."""
    sys.exit(3)


def test_who_ended_is_called_by_name() -> None:
    import multiprocessing

    def start() -> tuple[SpawnProcess, Connection]:
        context = multiprocessing.get_context("spawn")
        line, theirs = context.Pipe()
        process = context.Process(target=silent, args=(theirs,))
        process.start()
        theirs.close()
        return process, line

    worker = Worker("the encoder", start)
    with pytest.raises(SetupError, match="the encoder ended with status 3"):
        worker.await_ready()
    worker.line.close()
