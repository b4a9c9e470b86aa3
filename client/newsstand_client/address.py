"""Where the service is, and a call as the HTTP request that goes there."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Final, Self

import httpx

from newsstand_client.call import Call

LOCAL: Final = "http://127.0.0.1:8000"
ID: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~:@-]{1,256}", re.ASCII)
"""What fits into a path and leads nowhere else."""
CONNECT_SECONDS: Final = 5.0
GRACE_SECONDS: Final = 5.0
"""Longer than the service was asked to wait for the encoder, so that its answer arrives."""
AGENT: Final = f"newsstand-client/{metadata.version('newsstand-client')}"


@dataclass(frozen=True, slots=True)
class Address:
    """The service's URL, the key, and how many seconds its answers may take."""

    url: str
    api_key: str | None = field(repr=False)
    timeout: float
    encoding_timeout: float

    @classmethod
    def of(
        cls, url: str | None, api_key: str | None, timeout: float, encoding_timeout: float
    ) -> Self:
        """As given, else as ``NEWSSTAND_URL`` and ``NEWSSTAND_API_KEY`` say."""
        url = url or os.environ.get("NEWSSTAND_URL") or LOCAL
        key = api_key or os.environ.get("NEWSSTAND_API_KEY")
        return cls(url.rstrip("/"), key and key.strip(), timeout, encoding_timeout)

    def request(self, call: Call, request_id: str) -> httpx.Request:
        """The call as a request. Raises ValueError for an id that is none."""
        path = call.route.format_map({name: _sound(name, id_) for name, id_ in call.ids.items()})
        seconds = self.encoding_timeout + GRACE_SECONDS if call.encodes else self.timeout
        timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        return httpx.Request(
            call.method,
            self.url + path,
            params=call.query or None,
            content=call.body,
            headers=self._headers(call, request_id),
            extensions={"timeout": timeout.as_dict()},
        )

    def _headers(self, call: Call, request_id: str) -> Mapping[str, str]:
        headers = {"Accept": "application/json", "User-Agent": AGENT, "X-Request-ID": request_id}
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        if call.encodes:
            headers["Prefer"] = f"wait={self.encoding_timeout:.0f}"
        return headers


def _sound(name: str, given: str) -> str:
    if not ID.fullmatch(given):
        raise ValueError(f"{name} {given[:300]!r} does not match {ID.pattern}")
    return given
