"""How many requests that bring articles are under way at once: what comes beyond is refused before
it costs anything, be it the routing or the reading of its body.

A process that takes on whatever comes answers everything too late: offered three times what it can
do, it stored nine of ten articles for clients that waited no longer (``bench.overload``). Few under
way keep it as busy as many.
"""

from typing import Final, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from service.api import problems
from service.errors import Overloaded

MOST_UNDER_WAY: Final = 64


class Route(NamedTuple):
    """A route as metrics name it."""

    path: str


ONE: Final = Route("/v1/articles/{article_id:path}")
MANY: Final = Route("/v1/articles")


class Admission:
    """ASGI middleware, for one process."""

    def __init__(self, app: ASGIApp, most: int = MOST_UNDER_WAY) -> None:
        self._app, self._most = app, most
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        route = bringing_articles(scope)
        if route is None:
            await self._app(scope, receive, send)
        elif self._under_way >= self._most:
            scope["route"] = route
            refused = Overloaded("too many requests bring articles at once")
            await problems.answer(refused)(scope, receive, send)
        else:
            self._under_way += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._under_way -= 1


def bringing_articles(scope: Scope) -> Route | None:
    """The route of a request that brings articles, None for any other."""
    if scope["type"] != "http":
        return None
    if scope["method"] == "PUT" and scope["path"].startswith("/v1/articles/"):
        return ONE
    return MANY if scope["method"] == "POST" and scope["path"] == MANY.path else None
