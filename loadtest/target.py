"""Where the load goes: to this machine, unless the caller says that another is theirs."""

import ipaddress
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

READY: Final = re.compile(r"ready on (http://\S+)")
START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 30.0
LAST_LINES: Final = 20


class Refused(Exception):
    """The load may not, or cannot, go there."""


def checked(address: str, *, owned: bool) -> str:
    """The address without its slash at the end. Raises Refused for what is no HTTP address, and for
    another machine than this one unless it is ``owned``.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused(f"{address} is not an address such as http://127.0.0.1:8000")
    if not owned and not _on_this_machine(parts.hostname):
        raise Refused(
            f"{parts.hostname} is not this machine; a load test against a machine that is not yours"
            " is an attack: say --i-own-this-host if it is"
        )
    return address.rstrip("/")


@contextmanager
def service_of_own(store: Path, model: str) -> Iterator[str]:
    """Start a service with a data folder of its own until the block ends; its address.

    Raises Refused with its last words where it does not come up.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = ["serve", "--port", "0", "--data-dir", str(folder / "data")]
        command = [sys.executable, "-m", "service.cli", *arguments]
        command += ["--model-store", str(store), "--model", model]
        with (folder / "service.log").open("wb") as log:  # a pipe would fill up in a long run
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield _address(process, folder / "service.log")
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def headers() -> dict[str, str]:
    """What every request bears: the key in ``NEWSSTAND_API_KEY``, if there is one."""
    key = os.environ.get("NEWSSTAND_API_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}


def _on_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        if found := READY.search(log.read_text(errors="replace")):
            return found.group(1)
        time.sleep(0.05)
    said = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
    raise Refused("the service did not come up:\n" + "\n".join(said))
