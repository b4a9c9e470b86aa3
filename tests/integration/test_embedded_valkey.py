"""The embedded Valkey dies, or outlives its service: what was acknowledged is there again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.adapters.embedded_valkey import EmbeddedValkey
from tests.integration.asking import eventually

KEYS = 400_000
LEFT_ALONE = f"""
import os, signal, sys
from pathlib import Path
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from service.adapters.embedded_valkey import EmbeddedValkey

folder = Path(sys.argv[1])
url = EmbeddedValkey(folder).__enter__().url
client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0))
for batch in range(0, {KEYS}, 20_000):
    client.mset({{f"k{{n}}": "x" * 50 for n in range(batch, batch + 20_000)}})
pid_file = folder / "valkey" / "valkey.pid"
killed = pid_file.read_text()
os.kill(int(killed), signal.SIGKILL)
while not pid_file.exists() or pid_file.read_text() in ("", killed):
    pass
os._exit(0)
"""
"""A service that ends while its Valkey, started again, loads."""


def connected(valkey: EmbeddedValkey) -> redis.Redis:
    return redis.Redis.from_url(valkey.url, retry=Retry(NoBackoff(), 0))


def pid_of(folder: Path) -> int:
    return int((folder / "valkey" / "valkey.pid").read_text())


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def test_a_server_that_is_killed_is_started_again(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as valkey, connected(valkey) as client:
        for number in range(3):
            client.set("n", number)
            killed = pid_of(tmp_path)
            os.kill(killed, signal.SIGKILL)
            eventually(lambda killed=killed: answers(client) and pid_of(tmp_path) != killed)
            assert client.get("n") == str(number).encode()
        last = pid_of(tmp_path)
    assert not is_running(last)


def test_a_server_that_outlived_its_service_is_ended_also_while_it_loads(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", LEFT_ALONE, str(tmp_path)], check=True)
    orphan = pid_of(tmp_path)
    assert is_running(orphan)
    with EmbeddedValkey(tmp_path) as valkey, connected(valkey) as client:
        assert not is_running(orphan)
        assert client.dbsize() == KEYS
