"""The smoke profile against a running service, by its command."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from bench.data import MIND, REPOSITORY
from tests.integration.lying_service import lying_service


def play(address: object, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Play the smoke profile for a few seconds."""
    command = [sys.executable, "-m", "loadtest", "smoke", "--to", str(address)]
    command += ["--seconds", "4", "--report", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=REPOSITORY)


def test_a_news_day_breaks_no_promise(own_service: httpx.Client, tmp_path: Path) -> None:
    done = play(own_service.base_url, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert done.returncode == 0, done.stdout + done.stderr
    assert report["passed"]
    assert report["faults"] == {}
    assert {"POST /v1/recommend", "POST /v1/events", "POST /v1/articles"} <= report["calls"].keys()
    page = (tmp_path / "report.html").read_text()
    assert "passed" in page
    assert "srcdoc" in page


@pytest.mark.slow
@pytest.mark.skipif(not MIND.exists(), reason="the MIND sample is not here")
def test_a_real_day_breaks_no_promise(own_service: httpx.Client, tmp_path: Path) -> None:
    done = play(own_service.base_url, tmp_path, "--replay", str(MIND / "dev"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_service_that_breaks_a_promise_does_not_pass(tmp_path: Path) -> None:
    with lying_service() as address:
        done = play(address, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert done.returncode == 1, done.stdout + done.stderr
    assert report["broken"] == []
    assert {"repeated", "published and not found"} <= report["faults"].keys()
    assert "broken promises" in [row["what"] for row in report["verdict"] if not row["passed"]]


def test_a_strangers_host_is_left_alone(tmp_path: Path) -> None:
    done = play("http://192.0.2.1:8000", tmp_path)
    assert done.returncode == 2
    assert "--i-own-this-host" in done.stderr
