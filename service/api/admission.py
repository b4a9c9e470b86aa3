"""How many requests that bring articles are under way at once: what comes beyond is refused before
its body is read.

A process that takes on whatever comes answers everything too late: offered three times what it can
do, it stored nine of ten articles for clients that waited no longer (``bench.overload``). Few under
way keep it as busy as many.
"""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

from fastapi import Request, Response

from service.api.strict_json import BatchRoute, StrictRoute
from service.errors import Overloaded

MOST_UNDER_WAY: Final = 64


class Admission:
    """The requests of one process."""

    def __init__(self, most: int = MOST_UNDER_WAY) -> None:
        self._most = most
        self._under_way = 0

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Around one request. Raises Overloaded."""
        if self._under_way >= self._most:
            raise Overloaded("too many requests bring articles at once")
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


class AdmittedRoute(StrictRoute):
    """A route on whose ``PUT`` and ``POST`` so many requests may be under way."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See ``StrictRoute``."""
        handler = super().get_route_handler()
        if not {"POST", "PUT"} & (self.methods or set()):
            return handler

        async def admitted(request: Request) -> Response:
            admission: Admission = request.state.admission
            with admission.admitted():
                return await handler(request)

        return admitted


class AdmittedBatchRoute(AdmittedRoute, BatchRoute):
    """The same for a JSON array or newline-delimited JSON."""
