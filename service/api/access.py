"""Access: who may ask for what.

A request is let in before anything is read of it but its head, and before it counts among those
under way: ``Access`` asks the doorkeeper whose key it bears. Whoever bears none learns nothing, not
even which paths there are: all but the open ones answer 401. Then the route asks for its scope,
still before the body. A route says which scope that is as OpenAPI has it::

    @router.get("/v1/trending", openapi_extra=READ)

so that what the document shows is what is asked for.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api import problems
from service.domain.api_key import KeyScope
from service.domain.doorkeeper import Doorkeeper
from service.errors import Forbidden, NewsstandError, NoKey, RateLimited, UnknownKey

SCHEME: Final = "api_key"
SECURITY_SCHEMES: Final = {
    SCHEME: {"type": "http", "scheme": "bearer", "description": "An API key with the scope named."}
}
READ: Final[dict[str, Any]] = {"security": [{SCHEME: [KeyScope.READ.value]}]}
WRITE: Final[dict[str, Any]] = {"security": [{SCHEME: [KeyScope.WRITE.value]}]}
ADMIN: Final[dict[str, Any]] = {"security": [{SCHEME: [KeyScope.ADMIN.value]}]}
OPEN: Final = frozenset(
    {
        "/",
        "/docs",
        "/docs/oauth2-redirect",
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/redoc",
    }
)
"""What needs no key."""
PAGE: Final = "/page/"
"""Nor does what lies below: the files of the web page."""
EVERYTHING: Final = frozenset(KeyScope)
NOTHING: Final[frozenset[KeyScope]] = frozenset()
GRANTED: Final = "newsstand.granted"
"""Where a request's scope holds what its key may do."""
REASONS: Final[dict[type[NewsstandError], str]] = {
    NoKey: "no_key",
    UnknownKey: "unknown_key",
    Forbidden: "scope",
    RateLimited: "rate",
}
"""How the metric calls a refusal."""


class Access:
    """ASGI middleware. Without a doorkeeper everyone may do everything."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper | None, refused: Counter) -> None:
        """``refused`` counts refusals by their reason."""
        self._app, self._doorkeeper, self._refused = app, doorkeeper, refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with what it may do, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            scope[GRANTED] = self._granted(scope)
        except (NoKey, UnknownKey, RateLimited) as error:
            self._refused.labels(REASONS[type(error)]).inc()
            await problems.answer(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _granted(self, scope: Scope) -> frozenset[KeyScope]:
        if self._doorkeeper is None:
            return EVERYTHING
        if is_open(scope["path"]):
            return NOTHING
        return self._doorkeeper.admit(_shown(scope)).scopes


class GuardedRoute(APIRoute):
    """A route that answers only to keys with its scope, or is open."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, once the key may. Raises ValueError, as the route is made, where nobody said
        which key that is.
        """
        handler, needed = self.handler_inside(), needed_scope(self)
        if needed is None:
            if not is_open(self.path):
                raise ValueError(f"{self.path} declares no scope, and is not open")
            return handler

        async def guarded(request: Request) -> Response:
            if needed not in request.scope[GRANTED]:
                request.state.metrics.refused.labels(REASONS[Forbidden]).inc()
                raise Forbidden(f"the key has not the scope {needed}")
            return await handler(request)

        return guarded

    def handler_inside(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of those who may."""
        return super().get_route_handler()


def is_open(path: str) -> bool:
    """Whether a path, or the paths of a route, need no key."""
    return path in OPEN or path.startswith(PAGE)


def needed_scope(route: APIRoute) -> KeyScope | None:
    """The scope that a route declares."""
    requirements = (route.openapi_extra or {}).get("security", [])
    return next((KeyScope(scope) for each in requirements for scope in each[SCHEME]), None)


def _shown(scope: Scope) -> str | None:
    """The key that a request bears (RFC 6750), if any."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, shown = value.partition(b" ")
            if scheme.lower() == b"bearer":
                return str(shown.strip(), "latin-1")
    return None
