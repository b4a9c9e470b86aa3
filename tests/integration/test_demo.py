import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.keyring import Keys
from tests.integration.service_process import ServiceProcess


def demo_until_it_serves(arguments: list[str]) -> str:
    """What ``newsstand demo`` prints until it waits for Ctrl-C, which it then gets."""
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "demo", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "COLUMNS": "120", "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said


def test_the_demo_shows_a_readers_recommendations_and_remembers_them(tmp_path: Path) -> None:
    arguments = ["--data-dir", str(tmp_path / "data")]
    first = demo_until_it_serves(arguments)
    assert "290 articles" in first
    assert "For Hazel" in first
    second = demo_until_it_serves(arguments)
    assert "there already" in second
    table = first[first.index("For Hazel") : first.index("Serving on")]
    assert table.splitlines()[0] in second
    assert "because of" in second


def test_the_demo_shows_them_on_a_running_service_that_wants_a_key(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys.json")
    keys.create("demo", "read", "write")
    arguments = ["--data-dir", str(tmp_path / "data")]
    with ServiceProcess(*arguments, "--api-keys-file", str(keys.path)) as service:
        command = [sys.executable, "-m", "service.cli", "demo", "--to"]
        command.append(str(service.client.base_url))
        stranger = subprocess.run(command, capture_output=True, text=True)
        assert stranger.returncode == 1
        assert "401" in stranger.stderr
        env = {**os.environ, "NEWSSTAND_API_KEY": keys.shown[0], "COLUMNS": "120"}
        known = subprocess.run(command, capture_output=True, text=True, env=env)
    assert known.returncode == 0, known.stderr
    assert "For Hazel" in known.stdout
    assert "because of" in known.stdout


def test_the_command_says_what_it_can(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", "--help"], capture_output=True, text=True, check=True
    )
    for command in ("serve", "demo", "import", "replay"):
        assert command in done.stdout


@pytest.mark.parametrize("arguments", [["serve", "--port", "x"], ["sevre"], ["serve", "--nope"]])
def test_a_wrong_flag_is_named_with_status_2(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert arguments[-1] in done.stderr or "port" in done.stderr
