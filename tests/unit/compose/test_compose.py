"""The stack on one machine, as docker/compose.yaml says it: what nothing else would notice.

``docker/verify.sh`` runs it.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import Settings

REPOSITORY = Path(__file__).parents[3]
DOCKER = REPOSITORY / "docker"
STACK = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
ONE_SHOTS = {"keys", "demo", "training"}
DOCKERFILES = sorted(DOCKER.glob("**/*.Dockerfile"))
EVERY = pytest.mark.parametrize("name", SERVICES)
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def mounts(name: str) -> Iterator[tuple[str, str, str]]:
    """Source, target and options of each volume; an anonymous one has no source."""
    for volume in SERVICES[name].get("volumes", []):
        source, _, rest = volume.partition(":")
        target, _, options = rest.partition(":")
        yield (source, target, options) if target else ("", source, "")


@EVERY
def test_a_container_may_do_nothing_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "cap_add" not in service


@EVERY
def test_a_container_has_limits_and_an_image_that_can_be_named(name: str) -> None:
    service = SERVICES[name]
    assert VARIABLE.fullmatch(service["image"])
    limits = service["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}


@EVERY
def test_what_goes_on_is_watched_and_started_again_and_what_ends_is_not(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == ("no" if name in ONE_SHOTS else "unless-stopped")
    if name not in ONE_SHOTS and "build" not in service:  # else the image says how
        assert service["healthcheck"]["test"]


def test_others_wait_for_health_and_for_secrets() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            ends = other in ONE_SHOTS
            wanted = "service_completed_successfully" if ends else "service_healthy"
            assert how["condition"] == wanted, (name, other)
        reads = {source for source, _, _ in mounts(name) if source.endswith(("-secret", "-keys"))}
        if reads and name != "keys":
            assert "keys" in service["depends_on"], name


def test_what_is_mounted_is_there_and_only_data_can_be_written() -> None:
    for name in SERVICES:
        for source, target, options in mounts(name):
            if source.startswith("."):
                assert (DOCKER / source).exists(), (name, source)
            elif source:
                assert source in STACK["volumes"], (name, source)
            if source.startswith(".") or (target.startswith("/secrets") and name != "keys"):
                assert options == "ro", (name, source)


def test_a_secret_is_mounted_by_those_who_use_it_and_stands_in_no_environment() -> None:
    readers: dict[str, set[str]] = {}
    for name in SERVICES:
        for source, target, _ in mounts(name):
            if target.startswith("/secrets") and name != "keys":
                readers.setdefault(source, set()).add(name)
    assert readers == {
        "api-keys": {"service", "service-gpu"},
        "demo-secret": {"demo"},
        "grafana-secret": {"grafana"},
        "prometheus-secret": {"prometheus"},
        "valkey-secret": {"valkey", "service", "service-gpu"},
    }
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            secret = re.search("PASSWORD|SECRET|TOKEN|REDIS_URL|API_KEY$", variable)
            assert not secret or str(value).startswith("/secrets/"), variable


def test_only_nginx_is_meant_for_others_and_nothing_is_open_to_them_at_first() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert VARIABLE.match(port)[2].startswith("127.0.0.1:"), name
    assert "ports" not in SERVICES["service"]
    assert SERVICES["valkey"]["networks"] == ["state"]
    assert STACK["networks"]["state"]["internal"] is True
    assert SERVICES["nginx"]["networks"] == ["front"]


def test_the_settings_are_ones_that_the_service_has() -> None:
    known = {f"NEWSSTAND_{name.upper()}" for name in Settings.model_fields}
    for name in ("keys", "service", "service-gpu"):
        given = {key for key in SERVICES[name]["environment"] if key.startswith("NEWSSTAND_")}
        assert given <= known


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_an_image_has_a_base_by_argument_and_a_user_who_is_not_root(file: Path) -> None:
    text = file.read_text("utf-8")
    stages = {stage for _, stage in re.findall(r"^FROM (\S+) AS (\S+)", text, re.M)}
    bases = set(re.findall(r"^FROM (\S+)", text, re.M)) - stages
    assert bases == {"${BASE}"}
    assert re.findall(r"^USER (\S+)", text, re.M)[-1] not in ("root", "0")


def test_the_services_image_has_no_torch_and_serves_what_ships() -> None:
    text = (DOCKER / "service.Dockerfile").read_text("utf-8")
    extras = {extra for found in re.findall(r"'\.\[(.*)\]'", text) for extra in found.split(",")}
    assert extras == {"cpu", "gpu", "embedded", "tracing"}
    assert "training" not in text
    assert "NEWSSTAND_MODEL=" not in text
    copied = re.findall(r"^COPY (?!--from)(.*)", text, re.M)
    assert "model_store model_store" in copied


def test_nginx_takes_a_little_more_than_the_service_so_that_the_service_says_why() -> None:
    from service.api.strict_json import MAX_BODY_BYTES

    text = (DOCKER / "nginx" / "nginx.conf").read_text("utf-8")
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", text)
    assert MAX_BODY_BYTES < int(megabytes) * 2**20 <= MAX_BODY_BYTES + 2**20


@pytest.mark.skipif(not shutil.which("podman"), reason="podman, which it asks first, is missing")
def test_podman_compose_reads_it() -> None:
    files = ["-f", str(DOCKER / "compose.yaml"), "-f", str(DOCKER / "compose.tls.yaml")]
    command = [sys.executable, "-m", "podman_compose", *files, "config"]
    subprocess.run(command, check=True, capture_output=True)
