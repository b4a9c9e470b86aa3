"""Whatever is done in whatever order, the service does what the plain newsstand does."""

import signal
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from tests.fuzz.newsstand_rules import Newsstand
from tests.fuzz.plain_newsstand import HISTORY_LENGTH
from tests.integration.service_process import ServiceProcess


def runs(examples: int, steps: int) -> settings:
    """The same runs every time."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def test_the_service_does_what_the_plain_newsstand_does(guarded: httpx.Client) -> None:
    run_state_machine_as_test(lambda: Newsstand(guarded), settings=runs(8, 40))


@pytest.mark.slow
def test_the_service_does_what_the_plain_newsstand_does_for_long(guarded: httpx.Client) -> None:
    run_state_machine_as_test(lambda: Newsstand(guarded), settings=runs(200, 60))


class MortalService:
    """A service that can be killed. What is started again is another process on another port."""

    def __init__(self, arguments: list[str], stack: ExitStack) -> None:
        self._arguments, self._stack = arguments, stack
        self._running = stack.enter_context(ServiceProcess(*arguments))

    @property
    def client(self) -> httpx.Client:
        """Speaks to the process that lives now."""
        return self._running.client

    def die(self, how: signal.Signals) -> None:
        """End, and start again."""
        self._running.stop(how)
        self._running = self._stack.enter_context(ServiceProcess(*self._arguments))


class MortalNewsstand(Newsstand):
    """The same rules, and death between any two of them."""

    def __init__(self, mortal: MortalService) -> None:
        super().__init__(mortal.client)
        self.mortal, self.deaths = mortal, 0

    @precondition(lambda self: self.deaths < 2)
    @rule(how=st.sampled_from([signal.SIGKILL, signal.SIGTERM]))
    def die(self, how: signal.Signals) -> None:
        self.deaths += 1
        self.mortal.die(how)
        self.service = self.mortal.client


@pytest.mark.slow
def test_what_was_acknowledged_is_there_after_any_death(tmp_path: Path) -> None:
    arguments = ["--data-dir", str(tmp_path / "data"), "--history-length", str(HISTORY_LENGTH)]
    with ExitStack() as stack:
        mortal = MortalService(arguments, stack)
        run_state_machine_as_test(lambda: MortalNewsstand(mortal), settings=runs(15, 40))
