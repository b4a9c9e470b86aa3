"""The service as an operator runs it: a process of its own, spoken to over HTTP."""

import os
import re
import signal
import subprocess
import sys
from types import TracebackType
from typing import Self

import httpx

READY = re.compile(r"ready on (http://\S+)")


class ServiceProcess:
    """A context manager: the service runs while the block does."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self._command = [sys.executable, "-m", "service.cli", "serve", "--port", "0", *arguments]
        self._env = environment(env)
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
        command, capture_output=True, text=True, timeout=120, env=environment(env)
    )
    assert done.returncode == 1, done.stderr
    return done.stderr


def environment(env: dict[str, str] | None) -> dict[str, str]:
    """Ours with ``env``, but without the settings of whoever runs the tests."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NEWSSTAND_")}
    return ours | (env or {})
