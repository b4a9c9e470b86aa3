"""Which network addresses are private, and what a host's name stands for."""

import ipaddress
import socket
from typing import Final

import httpx

WEB: Final = ("http", "https")
PUBLIC_IPV6: Final = ipaddress.IPv6Network("2000::/3")
TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def resolved(host: str) -> set[Address]:
    """The addresses that ``host`` stands for. Raises OSError where there are none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label of the name is too long
        raise OSError(f"{host} is not a host's name") from error
    return {ipaddress.ip_address(str(address[0]).partition("%")[0]) for *_, address in found}


def is_private(address: Address) -> bool:
    """Whether ``address`` is anything but a public one: loopback, private, link-local, …"""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _translated(address)
        if inner is not None:
            return is_private(inner)
        if address not in PUBLIC_IPV6:
            return True
    return address.is_multicast or not address.is_global


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address behind a translator from IPv6 (RFC 6052)."""
    if address not in TRANSLATED:
        return None
    return ipaddress.IPv4Address(address.packed[-4:])


def is_loopback(url: httpx.URL) -> bool:
    """Whether ``url`` names this machine; no proxy is asked for such addresses."""
    if url.host == "localhost":
        return True
    try:
        return ipaddress.ip_address(url.host).is_loopback
    except ValueError:
        return False


def web_address(text: str) -> httpx.URL:
    """The http or https address that ``text`` is. Raises ValueError for all else."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(f"{text!r} is no address: {error}") from error
    if url.scheme not in WEB or not url.host:
        raise ValueError(f"{without_password(url)!r} is neither an http nor an https address")
    return url


def without_password(url: httpx.URL) -> str:
    """``url`` as it may be shown."""
    return str(url.copy_with(userinfo=b""))
