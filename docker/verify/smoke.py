"""Holds the running stack of compose.yaml to what it promises. Python's standard library is enough.

    smoke.py podman-compose -f docker/compose.yaml     (verify.sh calls it so, with its environment)

Starts the stack, prints a line for each promise that holds, and stops at the first that does not.
"""

import json
import os
import ssl
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from stack import (
    PROMETHEUS,
    RUNNING,
    SITE,
    address,
    ask,
    compose,
    containers,
    crash,
    holds,
    podman,
    ready,
    run,
    secret,
    start,
    until,
)


def it_starts() -> str:
    started = time.monotonic()
    start()
    print(f"up    every health check passes after {time.monotonic() - started:.0f} s")
    compose("up", "--detach", "--no-deps", "demo")
    (demo,) = podman("ps", "-a", "--format", "{{.Names}}", "--filter", "name=_demo_").split()
    status = podman("wait", demo).strip()
    shown = podman("logs", demo)
    print(shown)
    holds("the first start ends with recommendations", status == "0" and "because of" in shown)
    return secret("demo-secret", "key")


def it_is_locked_down() -> None:
    for service in RUNNING:
        (name, *_) = containers(service)
        status = podman("exec", name, "cat", "/proc/1/status")
        facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        uids = facts["Uid"].split()
        holds(f"{service} is not root: uid {uids[0]}", "0" not in uids)
        holds(f"{service} has no capability", int(facts["CapEff"], 16) == 0)
        holds(f"{service} gains no privileges", facts["NoNewPrivs"] == "1")
        mounts = [line.split() for line in podman("exec", name, "cat", "/proc/mounts").splitlines()]
        (options,) = [fields[3].split(",") for fields in mounts if fields[1] == "/"]
        holds(f"{service} has a read-only root", "ro" in options)
        inspected = json.loads(podman("inspect", name))[0]["HostConfig"]
        holds(f"{service} has a limit of memory", inspected["Memory"] > 0)


def no_torch_is_there() -> None:
    (name, *_) = containers("service")
    look = "import importlib.util as u; print(u.find_spec('torch'), u.find_spec('transformers'))"
    holds(
        "no torch in the image", podman("exec", name, "python", "-c", look).split() == ["None"] * 2
    )


def secrets_stay_secret(key: str) -> None:
    known = [key, secret("prometheus-secret", "key")]
    known += [secret("valkey-secret", "password"), secret("grafana-secret", "password")]
    everything = podman("inspect", *podman("ps", "-aq").split())
    everything += podman("image", "inspect", *podman("images", "-q").split())
    everything += podman("top", containers("valkey")[0], "args")
    holds(
        "no secret in an image, in inspect, or in a list of processes",
        all(len(one) > 30 and one not in everything for one in known),
    )
    said = podman("exec", containers("valkey")[0], "valkey-cli", "ping")
    holds("the state store demands its password", "NOAUTH" in said)
    holds("the service demands a key", ask(f"{SITE}/v1/trending").status == 401)
    holds("a scope is demanded", ask(f"{SITE}/v1/models", key=key).status == 403)


def nginx_keeps_the_door(key: str) -> None:
    holds("/metrics is not public", ask(f"{SITE}/metrics", key=key).status == 404)
    holds("nor under another spelling", ask(f"{SITE}//%6Detrics/", key=key).status == 404)
    answer = ask(f"{SITE}/v1/trending", key=key, X_Request_ID="smoke-1")
    holds("X-Request-ID goes through", answer.headers["X-Request-ID"] == "smoke-1")
    holds("security headers are there", answer.headers["X-Content-Type-Options"] == "nosniff")
    try:
        status = ask(f"{SITE}/v1/articles", b"[" + b" " * 18_000_000, key=key).status
    except OSError:
        status = 413  # the connection is closed while the body is still being sent
    holds("too large a body is refused", status == 413)


def replicas_agree(key: str) -> None:
    compose("up", "--detach", "--no-deps", "--no-recreate", "--scale", "service=2", "service")
    first, second = until(
        "two replicas", lambda: len(found := containers("service")) == 2 and found
    )
    urls = [address(first), address(second)]
    until("both are ready", lambda: all(ask(f"{u}/health/ready").status == 200 for u in urls))
    article = {"title": "A comet is seen over the smoke test", "language": "en"}
    put = ask(f"{SITE}/v1/articles/smoke-comet", article, key=key, method="PUT")
    holds("an article is taken in", put.status == 201)
    wish = {"user_id": "smoke-reader", "limit": 1000}

    def recommended(url: str) -> set[str]:
        answer = ask(f"{url}/v1/recommend", wish, key=key)
        return {item["article_id"] for item in answer.json["items"]}

    until("both recommend it", lambda: all("smoke-comet" in recommended(u) for u in urls))
    holds("every replica recommends it", True)
    click = [{"user_id": "smoke-reader", "article_id": "smoke-comet", "type": "click"}]
    holds("a click is taken in", ask(f"{urls[0]}/v1/events", click, key=key).json["accepted"] == 1)
    holds("the other replica knows at once", "smoke-comet" not in recommended(urls[1]))
    until("nginx asks both replicas", lambda: len(_replicas_asked()) >= 2)
    holds("nginx asks both replicas", True)


def _replicas_asked() -> set[str]:
    """By nginx, as its log says, of these requests."""
    (nginx,) = containers("nginx")
    for _ in range(20):
        ask(f"{SITE}/health/live")
    lines = podman("logs", "--tail", "20", nginx).splitlines()
    return {json.loads(line)["replica"] for line in lines if line.startswith("{")}


def a_crash_goes_unnoticed(key: str) -> None:
    ended = threading.Event()
    statuses: list[int] = []

    def read() -> None:
        while not ended.is_set():
            try:
                wish = {"user_id": "smoke-reader", "limit": 5}
                statuses.append(ask(f"{SITE}/v1/recommend", wish, key=key).status)
            except OSError:
                statuses.append(0)
            ended.wait(0.02)

    readers = [threading.Thread(target=read, daemon=True) for _ in range(4)]
    for reader in readers:
        reader.start()
    until("requests go through", lambda: len(statuses) > 50)
    (victim, *_) = containers("service")
    was = podman("inspect", victim, "--format", "{{.State.Pid}}")
    crash(victim)
    until("it is started again", lambda: _another_process(victim, was))
    until("it is ready", lambda: ask(f"{address(victim)}/health/ready").status == 200)
    ended.set()
    for reader in readers:
        reader.join()
    failed = [status for status in statuses if status != 200]
    holds(f"a replica dies, {len(statuses)} requests, {len(failed)} failed", not failed)


def _another_process(container: str, was: str) -> bool:
    return podman("inspect", container, "--format", "{{.State.Pid}}") not in (was, "0\n")


def prometheus_watches() -> None:
    def up() -> bool:
        found = ask(f"{PROMETHEUS}/api/v1/query?query=up%7Bjob%3D%22newsstand%22%7D==1").json
        return len(found["data"]["result"]) == 2

    until("Prometheus scrapes both replicas", up)
    holds("Prometheus scrapes both replicas, with its key", True)
    groups = ask(f"{PROMETHEUS}/api/v1/rules").json["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    holds(f"{len(rules)} alert rules are loaded", rules)

    def evaluated() -> bool:
        groups = ask(f"{PROMETHEUS}/api/v1/rules").json["data"]["groups"]
        return all(rule["health"] == "ok" for group in groups for rule in group["rules"])

    until("the rules are evaluated", evaluated)
    holds("and evaluated without an error", True)


def what_is_written_stays(key: str) -> None:
    there = f"{SITE}/v1/articles/smoke-comet"
    (valkey,) = containers("valkey")
    was = podman("inspect", valkey, "--format", "{{.State.Pid}}")
    crash(valkey)
    until("Valkey is started again", lambda: _another_process(valkey, was))
    until("the service has it again", ready)
    holds("the state store dies, and nothing is lost", ask(there, key=key).status == 200)
    podman("rm", "--force", "--time", "20", *containers("service"))  # down forgets the second
    compose("down", "--timeout", "20")
    start()
    holds("down and up again: the article is there", ask(there, key=key).status == 200)
    wish = {"user_id": "smoke-reader", "limit": 1000}
    items = ask(f"{SITE}/v1/recommend", wish, key=key).json["items"]
    known = {item["article_id"] for item in items}
    holds("the click is there, and so is the key", known and "smoke-comet" not in known)


def the_state_can_be_saved() -> None:
    command = (
        "newsstand export /var/lib/newsstand/state.jsonl.gz"
        ' --redis-url "redis://:$(cat /secrets/redis/password)@valkey:6379"'
    )
    podman("exec", containers("service")[0], "sh", "-euc", command)
    holds("the whole state is written into a file", True)


def nginx_speaks_tls(key: str, folder: Path) -> None:
    made = {"-keyout": "key.pem", "-out": "certificate.pem"}
    files = [part for option, name in made.items() for part in (option, str(folder / name))]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names, *files])
    folder.chmod(0o755)
    (folder / "key.pem").chmod(0o644)  # nginx's user is not ours
    os.environ["TLS_FOLDER"] = str(folder)
    tls = ["-f", "docker/compose.tls.yaml", "up", "--detach", "--no-deps", "--force-recreate"]
    compose(*tls, "nginx")
    context = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    bearer = {"Authorization": f"Bearer {key}"}
    request = urllib.request.Request(
        f"https://{os.environ['PUBLISH_TLS']}/v1/trending", None, bearer
    )
    answer = until("nginx speaks TLS", lambda: urllib.request.urlopen(request, context=context))
    with answer:
        holds("nginx speaks TLS, and demands it", answer.headers["Strict-Transport-Security"])


def a_key_is_revoked(key: str) -> None:
    compose("run", "--rm", "-T", "--no-deps", "keys", "revoke", "demo")
    until("the key is refused", lambda: ask(f"{SITE}/v1/trending", key=key).status == 401)
    holds("a revoked key opens nothing", True)


def main() -> None:
    key = it_starts()
    it_is_locked_down()
    no_torch_is_there()
    secrets_stay_secret(key)
    nginx_keeps_the_door(key)
    replicas_agree(key)
    prometheus_watches()
    a_crash_goes_unnoticed(key)
    what_is_written_stays(key)
    the_state_can_be_saved()
    with tempfile.TemporaryDirectory() as folder:
        nginx_speaks_tls(key, Path(folder))
    compose("up", "--detach", "--no-deps", "--force-recreate", "nginx")
    a_key_is_revoked(key)


if __name__ == "__main__":
    main()
