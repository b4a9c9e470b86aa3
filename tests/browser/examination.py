"""What the page looks like, and what a machine can find that keeps people out."""

from pathlib import Path
from typing import Any, Final, Literal

from axe_playwright_python.sync_playwright import Axe

from tests.browser.visitor import Visitor

LIGHT: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
WIDTHS: Final = (1280, 375)
"""Of a desk and of a phone, in pixels."""
GRAVE: Final = ("serious", "critical")
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def examined(visitor: Visitor, picture: Path) -> list[str]:
    """What axe-core finds serious or critical on the page as it stands. A picture is kept of it."""
    visitor.page.screenshot(path=picture, animations="disabled")
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    response: dict[str, Any] = Axe().run(visitor.page, options=options).response
    return [
        f"{each['id']}: {node['html']}"
        for each in response["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]
