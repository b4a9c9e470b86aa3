"""Processes of their own that race in a store, or stop in it at a point where they are killed."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
THERE = "there"
STOPPING = """
import asyncio, sys

from service.adapters.redis.connection import Connection
from service.adapters.redis.scripts import DIGESTS

_, url, stop, *arguments = sys.argv

class Stopping(Connection):
    '''Stops before the first command of that name, or script, is sent.'''

    async def send_all(self, commands, **terms):
        commands = list(commands)
        for command in commands:
            await self._perhaps(command)
        return await super().send_all(commands, **terms)

    async def send(self, *command, **terms):
        await self._perhaps(command)
        return await super().send(*command, **terms)

    async def call_all(self, calls, **terms):
        for script, _, _ in calls:
            await self._perhaps(("EVALSHA", DIGESTS[script]))
        return await super().call_all(calls, **terms)

    async def _perhaps(self, command):
        if stop in (command[0], *(n for n, d in DIGESTS.items() if d in command[:2])):
            print("there", flush=True)
            await asyncio.sleep(3600)

async def main(story):
    connection = Stopping(url)
    await connection.open()
    await story(connection)
    await connection.close()
"""


@contextmanager
def process(url: str, story: str, stop: str = "", *arguments: str) -> Iterator[subprocess.Popen]:
    """A process that runs ``story``, Python with an ``async def story(connection)``."""
    script = f"{STOPPING}\n{story}\nasyncio.run(main(story))\n"
    command = [sys.executable, "-c", script, url, stop, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def killed_before(stop: str, url: str, story: str, *arguments: str) -> None:
    """Run ``story`` until it is about to send ``stop``, a command or script, and kill it there."""
    with process(url, story, stop, *arguments) as running:
        said = running.stdout.readline()
        assert said.strip() == THERE, f"it never came to {stop}"
        running.kill()


def race(url: str, story: str, each: Sequence[Sequence[str]]) -> None:
    """Run ``story`` in a process for each of the arguments, all let go at the same time."""
    waiting = story.replace("async def story(connection):", _GATED)
    with_gate = [process(url, waiting, "", *arguments) for arguments in each]
    running = [one.__enter__() for one in with_gate]
    try:
        for one in running:
            assert one.stdout.readline().strip() == THERE
        for one in running:
            one.stdin.write("go\n")
            one.stdin.flush()
        assert [one.wait(60) for one in running] == [0] * len(running)
    finally:
        for one in with_gate:
            one.__exit__(None, None, None)


_GATED = """async def story(connection):
    print("there", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await gated(connection)

async def gated(connection):"""
