import gzip
import ipaddress

import pytest

from service.importing.addresses import is_private, resolved
from service.importing.errors import NotFetched
from service.importing.sources.document import LARGEST
from service.importing.sources.fetch import Fetch
from tests.unit.importing.web_host import Page, WebHost

PUBLIC = ipaddress.ip_address("93.184.215.14")


def as_seen_from_outside(host: str) -> set[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """As if ``localhost`` were a public name; all else is what it is."""
    return {PUBLIC} if host == "localhost" else resolved(host)


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


def test_a_public_feed_may_not_redirect_into_a_private_network(host: WebHost) -> None:
    secret = host.serve("/secret", b"<rss/>")
    host.redirect("/feed", secret)
    public = host.url("/feed", host="localhost")
    with pytest.raises(NotFetched, match="private network"):
        Fetch(public, resolve=as_seen_from_outside)()
    assert host.asked == ["/feed"]


def test_a_redirect_inside_is_followed_if_the_user_allows_it(host: WebHost) -> None:
    host.redirect("/feed", host.serve("/other", b"<rss/>"))
    public = host.url("/feed", host="localhost")
    fetch = Fetch(public, allow_private=True, resolve=as_seen_from_outside)
    assert fetch().content == b"<rss/>"


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
    ],
)
def test_which_addresses_are_private(address: str, private: bool) -> None:
    assert is_private(ipaddress.ip_address(address)) is private


def test_a_name_that_cannot_be_one_has_no_address() -> None:
    with pytest.raises(OSError, match="not a host's name"):
        resolved("x" * 70)
