"""The stack under test: asking it, and what podman knows of it."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

COMPOSE = sys.argv[1:]
PROJECT = os.environ["COMPOSE_PROJECT_NAME"]
SITE = f"http://{os.environ['PUBLISH']}"
PROMETHEUS = f"http://{os.environ['PUBLISH_PROMETHEUS']}"
RUNNING = ("valkey", "service", "nginx", "prometheus")
DEADLINE_SECONDS = 180.0


class Answer:
    """Of an HTTP request, whatever its status."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(url: str, sent: Any = None, *, key: str = "", method: str = "", **headers: str) -> Answer:
    """Raises OSError where nobody answers."""
    if key:
        headers["Authorization"] = f"Bearer {key}"
    data = None
    if sent is not None:
        data = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        headers["Content-Type"] = "application/json"
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data, names, method=method or None)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def compose(*arguments: str) -> str:
    return run([*COMPOSE, *arguments])


def podman(*arguments: str) -> str:
    return run(["podman", *arguments])


def refused(*arguments: str) -> bool:
    return subprocess.run(["podman", *arguments], capture_output=True).returncode != 0


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"verify: {' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def containers(service: str) -> list[str]:
    found = podman(
        *("ps", "--filter", f"label=com.docker.compose.project={PROJECT}"),
        *("--filter", f"label=com.docker.compose.service={service}", "--format", "{{.Names}}"),
    )
    return sorted(found.split())


def until(what: str, check: Callable[[], Any]) -> Any:
    """What ``check`` gives once that is true; an OSError or a refusal of podman's is not yet."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            if found := check():
                return found
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.2)
    for service in RUNNING:
        for name in containers(service):
            print(subprocess.getoutput(f"podman logs --tail 5 {name}"), file=sys.stderr)
    return sys.exit(f"verify: not within {DEADLINE_SECONDS:.0f} s: {what}")


def holds(what: str, truth: Any) -> None:
    if not truth:
        sys.exit(f"verify: not so: {what}")
    print(f"ok    {what}", flush=True)


def secret(volume: str, name: str) -> str:
    """As the machine's root sees it."""
    folder = podman("volume", "inspect", f"{PROJECT}_{volume}", "--format", "{{.Mountpoint}}")
    return Path(folder.strip(), name).read_text().strip()


def address(container: str) -> str:
    """Of a replica, in the network that it shares with nginx."""
    networks = json.loads(podman("inspect", container))[0]["NetworkSettings"]["Networks"]
    return f"http://{networks[f'{PROJECT}_front']['IPAddress']}:8000"


def ready() -> bool:
    return ask(f"{SITE}/health/ready").status == 200


def healthy(service: str) -> Any:
    """By hand: podman has a timer for this only where systemd runs."""
    names = containers(service)
    return names and not any(refused("healthcheck", "run", name) for name in names)


def crash(container: str) -> None:
    """As the kernel would, behind podman's back."""
    os.kill(int(podman("inspect", container, "--format", "{{.State.Pid}}")), 9)


def start() -> None:
    """In the order of depends_on. What podman-compose starts as depending on something that has
    ended, such as ``keys``, podman would not start again after a crash.
    """
    compose("up", "--detach", "--no-deps", "keys")
    holds("keys and passwords are there", podman("wait", f"{PROJECT}_keys_1").strip() == "0")
    for service in RUNNING:
        compose("up", "--detach", "--no-deps", service)
        until(f"{service} is healthy", lambda service=service: healthy(service))
    until("the service is ready", ready)
