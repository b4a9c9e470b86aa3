"""The service as an operator runs it: a process of its own, spoken to over HTTP."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

READY = re.compile(r"ready on (http://\S+)")


class ServiceProcess:
    """A context manager: the service runs while the block does."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self._command = [sys.executable, "-m", "service.cli", "serve", "--port", "0", *arguments]
        self._env = {**os.environ, **(env or {})}
        self.said = ""
        """What it wrote to standard error, once it has ended."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stderr=subprocess.PIPE, text=True, env=self._env
        )
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if found := READY.search(line):
                self.client = httpx.Client(base_url=found.group(1), timeout=60)
                self.said = "".join(said)
                return self
        raise AssertionError("the service did not come up:\n" + "".join(said))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.running:
            self.stop(signal.SIGTERM)
        elif self._process.stderr is not None:
            self.client.close()
            self._process.stderr.close()

    @property
    def pid(self) -> int:
        """The process that was started."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def stop(self, how: signal.Signals) -> int:
        """Send the signal and wait for the end; its exit status."""
        self.client.close()
        self._process.send_signal(how)
        _, rest = self._process.communicate(timeout=60)
        self.said += rest
        return self._process.returncode


def refused(*arguments: str, env: dict[str, str] | None = None) -> str:
    """What the service says on standard error when it refuses to start, with status 1."""
    command = [sys.executable, "-m", "service.cli", "serve", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={**os.environ, **(env or {})}
    )
    assert done.returncode == 1, done.stderr
    return done.stderr


def model_arguments(store: Path) -> list[str]:
    """The flags that name the tests' artefact."""
    return ["--model-store", str(store), "--model", "news-minilm"]
