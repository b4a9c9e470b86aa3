"""Fetching a feed: http and https alone, bounded in time, size and redirects.

A redirect may not lead from a public address into a private network: whoever runs a public feed
would then read, through us, what only we can reach.
"""

import time
from collections.abc import Callable
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
ACCEPT: Final = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.1"


@dataclass(frozen=True)
class Fetch:
    """A feed's address, and where it may lead: ``allow_private`` lifts the rule for redirects."""

    address: str
    allow_private: bool = False
    resolve: Callable[[str], set[Address]] = resolved

    def __call__(self) -> Document:
        """The document there. Raises NotFetched."""
        url = _parsed(self.address)
        headers = {"User-Agent": f"newsstand/{metadata.version('newsstand')}", "Accept": ACCEPT}
        deadline = time.monotonic() + SECONDS
        try:
            with httpx.Client(
                headers=headers, timeout=SILENCE, trust_env=not is_loopback(url)
            ) as client:
                return self._follow(client, client.build_request("GET", url), deadline)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise NotFetched(f"{without_password(url)} cannot be fetched: {reason}") from error

    def _follow(self, client: httpx.Client, request: httpx.Request, deadline: float) -> Document:
        first = request.url
        for _ in range(MOST_REDIRECTS + 1):
            response = client.send(request, stream=True)
            try:
                if response.next_request is None:
                    return _document(response, deadline)
            finally:
                response.close()
            request = response.next_request
            self._check(first, request.url)
        raise NotFetched(f"{without_password(first)} redirects more than {MOST_REDIRECTS} times")

    def _check(self, first: httpx.URL, onward: httpx.URL) -> None:
        _parsed(str(onward))
        if self.allow_private or self._leads_inside(first) or not self._leads_inside(onward):
            return
        raise NotFetched(
            f"{without_password(first)} redirects into a private network "
            f"({without_password(onward)}): fetch that address itself if you trust it"
        )

    def _leads_inside(self, url: httpx.URL) -> bool:
        try:
            return any(map(is_private, self.resolve(url.raw_host.decode("ascii"))))
        except OSError as error:
            raise NotFetched(f"{without_password(url)} has no address: {error}") from error


def _parsed(address: str) -> httpx.URL:
    try:
        return web_address(address)
    except ValueError as error:
        raise NotFetched(str(error)) from error


def _document(response: httpx.Response, deadline: float) -> Document:
    place = without_password(response.request.url)
    if response.status_code != httpx.codes.OK:
        raise NotFetched(f"{place} answered {response.status_code} {response.reason_phrase}")
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > LARGEST:
            raise NotFetched(too_large(place))
        if time.monotonic() > deadline:
            raise NotFetched(f"{place} was not read within {SECONDS:.0f} s")
    content_type = response.headers.get("content-type", "application/xml")
    return Document(place, bytes(content), content_type, str(response.url))
