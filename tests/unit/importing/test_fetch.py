import gzip
import ipaddress
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from service.importing.addresses import Address, is_private, resolved
from service.importing.errors import NotFetched
from service.importing.sources import fetch
from service.importing.sources.document import LARGEST
from service.importing.sources.fetch import Fetch
from tests.unit.importing.web_host import Page, WebHost, web_host

PUBLIC = ipaddress.ip_address("127.0.0.2")
INNER = ipaddress.ip_address("127.0.0.1")


def but_for_one(address: Address) -> bool:
    """As if ``PUBLIC`` were a public address; all others are what they are."""
    return address != PUBLIC and is_private(address)


@pytest.fixture
def outside() -> Iterator[WebHost]:
    """A host that seems to be outside."""
    with web_host(str(PUBLIC)) as host:
        yield host


def test_a_page_comes_with_its_type_and_address(host: WebHost) -> None:
    address = host.serve("/feed", b"<rss/>", content_type="text/xml; charset=latin-1")
    document = Fetch(address)()
    assert document.content == b"<rss/>"
    assert document.content_type == "text/xml; charset=latin-1"
    assert (document.place, document.address) == (address, address)


def test_a_password_in_the_address_is_not_shown(host: WebHost) -> None:
    host.serve("/feed", b"<rss/>")
    assert Fetch(f"http://me:secret@127.0.0.1:{host.port}/feed")().place == host.url("/feed")
    with pytest.raises(NotFetched) as error:
        Fetch(f"http://me:secret@127.0.0.1:{host.port}/none")()
    assert "secret" not in str(error.value)


def test_redirects_are_followed_five_times_and_no_more(host: WebHost) -> None:
    host.serve("/0", b"<rss/>")
    for hop in range(1, 7):
        host.redirect(f"/{hop}", f"/{hop - 1}")
    assert Fetch(host.url("/5"))().content == b"<rss/>"
    with pytest.raises(NotFetched, match="more than 5 times"):
        Fetch(host.url("/6"))()


@pytest.mark.parametrize(
    "name",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
    ],
)
def test_a_public_feed_may_not_redirect_into_a_private_network(
    host: WebHost, outside: WebHost, name: str
) -> None:
    host.serve("/secret", b"<rss/>")
    outside.redirect("/feed", host.url("/secret", host=name))
    public = outside.url("/feed", host=str(PUBLIC))
    with pytest.raises(NotFetched, match=r"private network|Invalid IPv4"):
        Fetch(public, private=but_for_one)()
    assert (outside.asked, host.asked) == (["/feed"], [])


def test_a_redirect_inside_is_followed_if_the_user_allows_it(
    host: WebHost, outside: WebHost
) -> None:
    outside.redirect("/feed", host.serve("/other", b"<rss/>"))
    public = outside.url("/feed", host=str(PUBLIC))
    assert Fetch(public, allow_private=True, private=but_for_one)().content == b"<rss/>"


def test_a_name_that_stands_for_another_address_a_moment_later_leads_nowhere_else(
    host: WebHost, outside: WebHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    answers = [{PUBLIC}, {INNER}, {PUBLIC}]
    host.serve("/secret", b"<rss/>")
    outside.redirect("/feed", f"http://news.test:{host.port}/secret")
    rebound = Fetch(
        f"http://news.test:{outside.port}/feed",
        resolve=lambda name: answers.pop(0),
        private=but_for_one,
    )
    with pytest.raises(NotFetched, match="private network"):
        rebound()
    assert (outside.asked, host.asked) == (["/feed"], [])


def test_a_public_name_gains_nothing_by_a_private_address_beside_the_public_one(
    host: WebHost, outside: WebHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    outside.redirect("/feed", host.serve("/secret", b"<rss/>"))
    names = {"news.test": {PUBLIC, INNER}, "127.0.0.1": {INNER}}
    mixed = Fetch(
        f"http://news.test:{outside.port}/feed", resolve=names.__getitem__, private=but_for_one
    )
    with pytest.raises(NotFetched, match="private network"):
        mixed()
    with pytest.raises(NotFetched, match="cannot be fetched"):  # the host within listens there
        replace(mixed, address=f"http://news.test:{host.port}/secret")()
    assert (outside.asked, host.asked) == (["/feed"], [])


def test_what_is_connected_to_is_the_address_that_was_looked_at(
    outside: WebHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    outside.serve("/feed", b"<rss/>")
    address = f"http://news.test:{outside.port}/feed"
    nobody = ipaddress.ip_address("127.0.0.3")
    document = Fetch(address, resolve=lambda name: {nobody, PUBLIC})()
    assert (document.content, document.address) == (b"<rss/>", address)


def test_a_redirect_inside_is_followed_if_the_user_named_an_inner_address(host: WebHost) -> None:
    host.serve("/other", b"<rss/>")
    start = host.redirect("/feed", host.url("/other", host="localhost"))
    assert Fetch(start)().content == b"<rss/>"


@pytest.mark.parametrize("to", ["file:///etc/hostname", "ftp://127.0.0.1/x", "gopher://127.0.0.1"])
def test_a_redirect_leads_to_the_web_or_nowhere(host: WebHost, to: str) -> None:
    with pytest.raises(NotFetched):
        Fetch(host.redirect("/feed", to))()


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://x/y", "http://", "http://["])
def test_only_web_addresses_are_fetched(address: str) -> None:
    with pytest.raises(NotFetched):
        Fetch(address)()


def test_a_page_that_is_too_large_is_given_up(host: WebHost) -> None:
    address = host.serve("/feed", b"<" * (LARGEST + 1))
    with pytest.raises(NotFetched, match="larger than a feed may be"):
        Fetch(address)()


def test_a_page_that_unpacks_to_too_much_is_given_up(host: WebHost) -> None:
    packed = gzip.compress(b"<" * (LARGEST + 1))
    address = host.serve("/feed", packed, content_encoding="gzip")
    with pytest.raises(NotFetched, match="larger than a feed may be"):
        Fetch(address)()


def test_any_status_but_200_is_an_error(host: WebHost) -> None:
    host.pages["/gone"] = Page(status=410)
    with pytest.raises(NotFetched, match="410 Gone"):
        Fetch(host.url("/gone"))()


def test_an_address_where_nothing_answers_is_one_clear_error(unused_port: int) -> None:
    with pytest.raises(NotFetched, match="cannot be fetched"):
        Fetch(f"http://127.0.0.1:{unused_port}/feed")()


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("192.168.1.1", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("0.0.0.0", True),
        ("224.0.0.1", True),
        ("::1", True),
        ("fe80::1", True),
        ("fd00::1", True),
        ("::ffff:127.0.0.1", True),
        ("93.184.215.14", False),
        ("::ffff:93.184.215.14", False),
        ("2606:4700::1111", False),
        ("64:ff9b::10.0.0.1", True),
        ("64:ff9b::93.184.215.14", False),
        ("64:ff9b:1::1", True),
        ("2002:7f00:1::", True),
        ("::127.0.0.1", True),
        ("::ffff:0:127.0.0.1", True),
        ("fec0::1", True),
    ],
)
def test_which_addresses_are_private(address: str, private: bool) -> None:
    assert is_private(ipaddress.ip_address(address)) is private


def test_a_name_that_cannot_be_one_has_no_address() -> None:
    with pytest.raises(OSError, match="not a host's name"):
        resolved("x" * 70)


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n<rss>"])
def test_a_page_that_trickles_in_is_given_up(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def trickle() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(begun)
                while not ended.wait(0.02):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=trickle)
        thread.start()
        with pytest.raises(NotFetched, match="not read within"):
            Fetch(f"http://127.0.0.1:{listening.getsockname()[1]}/feed")()
        ended.set()
        thread.join(timeout=30)
