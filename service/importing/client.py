"""The service as an import sees it: batches go in, a result for each item comes out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

import httpx

from service.importing.addresses import is_loopback, web_address, without_password
from service.importing.errors import (
    BadTarget,
    Refused,
    StillBusy,
    UnexpectedAnswer,
    Unreachable,
)
from service.importing.patience import Patience, retry_after_seconds

NDJSON: Final = "application/x-ndjson"
BUSY: Final = frozenset({429, 502, 503, 504})
"""Statuses that say: not now. The two of gateways too, which stand for a service that restarts."""
SILENCE: Final = httpx.Timeout(30.0, connect=5.0, read=180.0, pool=None)
"""A thousand long articles keep an encoder on a small machine busy for a while."""

Result = dict[str, Any]


class _NotNow(Exception):
    """The service is busy or dropped the connection; it may do better in ``retry_after`` s."""

    def __init__(self, reason: str, retry_after: float | None) -> None:
        asked = "" if retry_after is None else f" (come back in {retry_after:.0f} s)"
        super().__init__(reason + asked)
        self.retry_after = retry_after


@dataclass(frozen=True)
class ServiceClient:
    """A connection to a service that runs. Items are idempotent, so that every retry is safe."""

    http: httpx.AsyncClient
    patience: Patience

    async def post(self, path: str, lines: Sequence[bytes]) -> list[Result]:
        """Post the items, one JSON object each; their results, in order.

        Waits and tries again while the service is busy or drops the connection. Raises Unreachable,
        Refused, StillBusy or UnexpectedAnswer.
        """
        if not lines:
            return []
        body = b"\n".join(lines)
        attempt = 1
        while True:
            try:
                return _results(await self._answer(path, body), len(lines), self._shown)
            except _NotNow as busy:
                pause = self.patience.pause(attempt, busy.retry_after)
                if pause is None:
                    tried = f"{attempt} attempt{'s' if attempt > 1 else ''}"
                    raise StillBusy(f"{self._shown}: given up after {tried}: {busy}") from busy
            await asyncio.sleep(pause)
            attempt += 1

    async def _answer(self, path: str, body: bytes) -> httpx.Response:
        try:
            response = await self.http.post(path, content=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            place = f"{self._shown} (is it running?)"
            raise Unreachable(f"no service answers at {place}: {_said(error)}") from error
        except httpx.TransportError as error:
            raise _NotNow(_said(error), None) from error
        if response.status_code in BUSY:
            wait = retry_after_seconds(response.headers.get("retry-after"))
            raise _NotNow(_detail(response), wait)
        return response

    @property
    def _shown(self) -> str:
        return without_password(self.http.base_url).rstrip("/")


@asynccontextmanager
async def connect(
    to: str, api_key: str | None, patience: Patience, connections: int
) -> AsyncIterator[ServiceClient]:
    """A client of the service at ``to`` for the time of the block. Raises BadTarget."""
    url = target(to)
    headers = {"Content-Type": NDJSON, "Accept": "application/json"}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    async with httpx.AsyncClient(
        base_url=url,
        headers=headers,
        timeout=SILENCE,
        limits=httpx.Limits(max_connections=connections),
        trust_env=not is_loopback(url),
    ) as http:
        yield ServiceClient(http, patience)


def target(to: str) -> httpx.URL:
    """The service's address. Raises BadTarget for what is no http or https address."""
    try:
        return web_address(to)
    except ValueError as error:
        raise BadTarget(f"the service's address: {error}") from error


def _results(response: httpx.Response, items: int, place: str) -> list[Result]:
    if response.status_code != httpx.codes.OK:
        raise Refused(response.status_code, f"{place} refuses the batch: {_detail(response)}")
    try:
        results: Any = response.json()["results"]
    except (ValueError, TypeError, KeyError) as error:
        raise UnexpectedAnswer(f"what answers at {place} is not Newsstand") from error
    if not _is_list_of_results(results) or len(results) != items:
        raise UnexpectedAnswer(f"{place} did not answer with one result for each of {items} items")
    return results


def _is_list_of_results(value: Any) -> TypeGuard[list[Result]]:
    return isinstance(value, list) and all(
        isinstance(r, dict) and isinstance(r.get("status"), str) for r in value
    )


def _detail(response: httpx.Response) -> str:
    """A problem's own words, after the status."""
    status = f"{response.status_code} {response.reason_phrase}".strip()
    if response.has_redirect_location:
        return f"{status}, to {response.headers['location']}: give that address"
    try:
        problem = response.json()
    except ValueError:
        return status
    detail = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else None
    return f"{status}: {detail}" if detail else status


def _said(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__
