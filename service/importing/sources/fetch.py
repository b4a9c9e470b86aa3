"""Fetching a feed: http and https alone, bounded in time, size and redirects.

A redirect may not lead from a public address into a private network: whoever runs a public feed
would then read, through us, what only we can reach. A name that stands for addresses of both kinds
is a public one, and only its public addresses are connected to. A name is looked up once, and the
address that was looked at is the one connected to: it could stand for another a moment later. (A
proxy, where the environment names one, looks names up for itself.)
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from typing import Final

import httpx

from service.importing.addresses import (
    Address,
    is_loopback,
    is_private,
    resolved,
    web_address,
    without_password,
)
from service.importing.errors import NotFetched
from service.importing.sources.document import LARGEST, Document, too_large

SECONDS: Final = 60.0
MOST_REDIRECTS: Final = 5
SILENCE: Final = httpx.Timeout(20.0, connect=10.0)
NONE_KEPT: Final = httpx.Limits(max_keepalive_connections=0)
ACCEPT: Final = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.1"
ADDRESSES: Final = "newsstand.addresses"
"""Where a request says which addresses it may connect to."""


@dataclass(frozen=True)
class Fetch:
    """A feed's address, and where it may lead: ``allow_private`` lifts the rule for redirects."""

    address: str
    allow_private: bool = False
    resolve: Callable[[str], set[Address]] = resolved
    private: Callable[[Address], bool] = is_private

    def __call__(self) -> Document:
        """The document there. Raises NotFetched."""
        url = _parsed(self.address)
        with ThreadPoolExecutor(1) as thread:  # an import runs in an event loop already
            return thread.submit(asyncio.run, self._in_time(url)).result()

    async def _in_time(self, url: httpx.URL) -> Document:
        headers = {"User-Agent": f"newsstand/{metadata.version('newsstand')}", "Accept": ACCEPT}
        try:
            async with (
                asyncio.timeout(SECONDS),
                httpx.AsyncClient(
                    headers=headers,
                    timeout=SILENCE,
                    transport=_LookedAt(limits=NONE_KEPT),
                    trust_env=not is_loopback(url),
                ) as client,
            ):
                return await self._followed(client, client.build_request("GET", url))
        except TimeoutError as error:
            place = without_password(url)
            raise NotFetched(f"{place} was not read within {SECONDS:.0f} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise NotFetched(f"{without_password(url)} cannot be fetched: {reason}") from error

    async def _followed(self, client: httpx.AsyncClient, request: httpx.Request) -> Document:
        first = request.url
        addresses = await self._addresses_of_first(first)
        public = {address for address in addresses if not self.private(address)}
        may_enter = self.allow_private or (bool(addresses) and not public)
        if not may_enter:
            addresses = public
        for _ in range(MOST_REDIRECTS + 1):
            request.extensions = {**request.extensions, ADDRESSES: addresses}
            response = await client.send(request, stream=True)
            try:
                if response.next_request is None:
                    return await _document(response)
            finally:
                await response.aclose()
            request = response.next_request
            addresses = await self._addresses(_parsed(str(request.url)))
            if not may_enter and any(map(self.private, addresses)):
                raise _leads_inside(first, request.url)
        raise NotFetched(f"{without_password(first)} redirects more than {MOST_REDIRECTS} times")

    async def _addresses_of_first(self, url: httpx.URL) -> set[Address]:
        """None if it has none: where there is a proxy, the proxy may know better."""
        try:
            return await self._addresses(url)
        except NotFetched:
            return set()

    async def _addresses(self, url: httpx.URL) -> set[Address]:
        try:
            return await asyncio.to_thread(self.resolve, url.raw_host.decode("ascii"))
        except OSError as error:
            raise NotFetched(f"{without_password(url)} has no address: {error}") from error


class _LookedAt(httpx.AsyncHTTPTransport):
    """Connects to the addresses that were looked at, in the name of the host."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        addresses = sorted(request.extensions[ADDRESSES], key=lambda each: each.version)
        for address in addresses[:-1]:
            try:
                return await super().handle_async_request(_at(address, request))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # the next one may answer
        at = _at(addresses[-1], request) if addresses else request
        return await super().handle_async_request(at)


def _at(address: Address, request: httpx.Request) -> httpx.Request:
    """The request, with the host's own name in its head and in its certificate."""
    host = request.url.raw_host.decode("ascii")
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def _leads_inside(first: httpx.URL, onward: httpx.URL) -> NotFetched:
    return NotFetched(
        f"{without_password(first)} redirects into a private network "
        f"({without_password(onward)}): fetch that address itself if you trust it"
    )


def _parsed(address: str) -> httpx.URL:
    try:
        return web_address(address)
    except ValueError as error:
        raise NotFetched(str(error)) from error


async def _document(response: httpx.Response) -> Document:
    place = without_password(response.request.url)
    if response.status_code != httpx.codes.OK:
        raise NotFetched(f"{place} answered {response.status_code} {response.reason_phrase}")
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > LARGEST:
            raise NotFetched(too_large(place))
    content_type = response.headers.get("content-type", "application/xml")
    return Document(place, bytes(content), content_type, str(response.url))
