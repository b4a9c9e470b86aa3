"""A browser at the page: a service with the sample news, and Chromium for each file of tests."""

import io
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from rich.console import Console

from service.demo import demo_on
from tests.browser.visitor import PATIENCE, Visitor
from tests.integration.service_process import ServiceProcess

UNDISTURBED = ["--no-sandbox", "--disable-background-networking"]


class Visit(Protocol):
    """Opens the page in a new context: nothing is kept of an earlier visit."""

    def __call__(
        self, view: str = "", at: httpx.Client | None = None, **wishes: Any
    ) -> Visitor: ...


@pytest.fixture(scope="session")
def newsstand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service with the sample news, where nothing is left to chance."""
    folder = tmp_path_factory.mktemp("newsstand")
    policies = folder / "policies.toml"
    policies.write_text("[scenarios.default]\nexplore = false\n", encoding="utf-8")
    arguments = ["--data-dir", str(folder / "data"), "--policies-file", str(policies)]
    with ServiceProcess(*arguments) as running:
        demo_on(str(running.client.base_url), None, Console(file=io.StringIO()))
        yield running.client


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. It ends with its file of tests: while Playwright's loop runs in this
    thread no other can, and other tests have loops of their own.
    """
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no Chromium: install the Debian package `chromium` to test the page")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=UNDISTURBED)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, newsstand: httpx.Client) -> Iterator[Visit]:
    """Visits of which none may end with a complaint of the browser, or with a stranger asked."""
    with ExitStack() as stack:
        visitors = []

        def start(view: str = "", at: httpx.Client | None = None, **wishes: Any) -> Visitor:
            home = str((at or newsstand).base_url)
            settings: dict[str, Any] = {"base_url": home, "reduced_motion": "reduce", **wishes}
            context = chromium.new_context(**settings)
            stack.callback(context.close)
            visitors.append(Visitor(context, home))
            visitors[-1].page.goto(f"/{view}")
            return visitors[-1]

        yield start
        assert [line for visitor in visitors for line in visitor.complaints] == []
        assert [url for visitor in visitors for url in visitor.strangers] == []


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures of what the tests saw are kept: ``build/screenshots``."""
    folder = Path(__file__).parents[2] / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
