from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from service.importing.errors import Unreadable
from service.importing.records import Problem, Record
from service.importing.sources.document import LARGEST, Document, read_document
from service.importing.sources.feed import Feed

Write = Callable[[str, str | bytes], Path]


def rss(*items: str, channel: str = "", declaration: str = "") -> str:
    inner = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'{declaration}<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel>{channel}{inner}</channel></rss>"
    )


def records(content: str | bytes, **said: str) -> list[Record]:
    sent = content.encode() if isinstance(content, str) else content
    return list(Feed(lambda: Document("the feed", sent, **said)).records())


def articles(content: str | bytes, **said: str) -> list[dict[str, Any]]:
    """Each article's fields, but for the empty ones."""
    found = []
    for record in records(content, **said):
        assert isinstance(record.content, dict), record
        found.append({name: value for name, value in record.content.items() if value})
    return found


def test_an_rss_item_becomes_an_article() -> None:
    item = """
        <title>Ferry &amp; bridge</title><guid isPermaLink="false">n-1</guid>
        <link>https://example.org/1</link><author>A. B.</author>
        <description>&lt;p&gt;Three &lt;b&gt;ships&lt;/b&gt; &amp;amp; a quay.</description>
        <content:encoded><![CDATA[<p>First.</p><p>Second.</p>]]></content:encoded>
        <category>Local</category><category>Transport</category>
        <pubDate>Fri, 01 May 2026 10:00:00 +0200</pubDate>
        <media:content url="https://example.org/1.jpg" medium="image"/>"""
    channel = "<title>The  Seaside Post</title><language>en-gb</language>"
    assert articles(rss(item, channel=channel)) == [
        {
            "article_id": "n-1",
            "title": "Ferry & bridge",
            "abstract": "Three ships & a quay.",
            "body": "First.\nSecond.",
            "category": "Local",
            "language": "en",
            "source": "The Seaside Post",
            "author": "A. B.",
            "url": "https://example.org/1",
            "image_url": "https://example.org/1.jpg",
            "published_at": "2026-05-01T08:00:00Z",
        }
    ]


def test_an_atom_entry_becomes_an_article() -> None:
    feed = """<?xml version="1.0"?>
        <feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de-AT"><title>Der Seebote</title>
        <entry><title type="html">&lt;i&gt;Fähre&lt;/i&gt; &amp;amp; Brücke</title>
        <id>tag:example.org,2026:1</id><updated>2026-05-01T08:00:00Z</updated>
        <author><name>A. B.</name></author><category term="Ort" label="Lokales"/>
        <link href="/1"/><link rel="enclosure" type="image/png" href="https://example.org/p"/>
        <summary>Drei Schiffe.</summary></entry></feed>"""
    assert articles(feed, address="https://example.org/feed") == [
        {
            "article_id": "tag:example.org,2026:1",
            "title": "Fähre & Brücke",
            "abstract": "Drei Schiffe.",
            "category": "Ort",
            "language": "de",
            "source": "Der Seebote",
            "author": "A. B.",
            "url": "https://example.org/1",
            "image_url": "https://example.org/p",
            "published_at": "2026-05-01T08:00:00Z",
        }
    ]


def test_an_entrys_own_language_comes_before_the_feeds() -> None:
    feed = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">
        <entry xml:lang="nl"><title>Veer</title><id>a</id></entry></feed>"""
    assert articles(feed)[0]["language"] == "nl"


def test_without_a_guid_the_link_is_the_id_and_without_both_the_place_and_title() -> None:
    with_link = "<title>One</title><link>https://example.org/1</link>"
    found = articles(rss(with_link, "<title>Two</title>"))
    assert [article["article_id"] for article in found] == ["https://example.org/1", "the feed#Two"]


@pytest.mark.parametrize(
    "pictures",
    [
        '<enclosure url="https://e.org/a.mp3" type="audio/mpeg" length="1"/>'
        '<enclosure url="https://e.org/p" type="image/png" length="1"/>',
        '<media:content url="https://e.org/v.mp4" type="video/mp4"/>'
        '<media:thumbnail url="https://e.org/p"/>',
        '<media:content url="https://e.org/p" type="image/webp"/>',
    ],
)
def test_the_picture_is_found_among_other_media(pictures: str) -> None:
    assert articles(rss("<title>T</title>" + pictures))[0]["image_url"] == "https://e.org/p"


def test_addresses_that_are_not_of_the_web_are_left_out() -> None:
    item = '<title>T</title><guid isPermaLink="false">1</guid><link>javascript:alert(1)</link>'
    (article,) = articles(rss(item + '<media:thumbnail url="file:///etc/passwd"/>'))
    assert article == {"article_id": "1", "title": "T"}


def test_content_alone_is_the_body_and_a_very_long_summary_too() -> None:
    only_content = "<title>A</title><content:encoded>Words.</content:encoded>"
    long_summary = f"<title>B</title><description>{'x' * 10_001}</description>"
    first, second = articles(rss(only_content, long_summary))
    assert (first.get("abstract"), first["body"]) == (None, "Words.")
    assert (second.get("abstract"), len(second["body"])) == (None, 10_001)


def test_plain_titles_keep_their_angle_brackets() -> None:
    (article,) = articles(rss("<title>5 &lt; 6 and 7 &gt; 3</title>"))
    assert article["title"] == "5 < 6 and 7 > 3"


@pytest.mark.parametrize("date", ["garbage", "Mon, 45 Foo 99999 10:00", "", "0001-01-01T00:00:00Z"])
def test_a_date_that_is_none_is_left_out(date: str) -> None:
    (article,) = articles(rss(f"<title>T</title><pubDate>{date}</pubDate>"))
    assert "published_at" not in article


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("iso-8859-1", "text/xml; charset=iso-8859-1"),
        ("iso-8859-1", "application/xml"),
        ("windows-1252", "text/html"),
        ("utf-8", "text/xml"),
        ("utf-8", "application/rss+xml; charset=utf-8"),
        ("utf-16", "application/xml"),
    ],
)
def test_every_declared_encoding_is_read(encoding: str, content_type: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>'
    feed = rss("<title>Café Zürich</title>", declaration=declaration).encode(encoding)
    assert articles(feed, content_type=content_type)[0]["title"] == "Café Zürich"


def test_a_feed_that_is_not_quite_xml_is_read_all_the_same() -> None:
    titles = ["<title>Fish & chips&nbsp;now</title>", "<title>Two</title>"]
    assert [article["title"] for article in articles(rss(*titles))] == ["Fish & chips now", "Two"]


def test_a_feed_without_entries_is_empty() -> None:
    assert records(rss()) == []


@pytest.mark.parametrize("content", [b"", b"plain words", b"<html><p>hi</p></html>", b"\0\1\2\3"])
def test_what_is_no_feed_ends_the_import(content: bytes) -> None:
    with pytest.raises(Unreadable, match="the feed"):
        records(content)


def test_a_feed_that_was_cut_off_says_so_after_what_it_has() -> None:
    whole = rss("<title>One</title>", "<title>Two</title>")
    first, *_, last = records(whole[: whole.index("<title>Two")])
    assert isinstance(first.content, dict)
    assert first.content["title"] == "One"
    assert last == Record("the feed", Problem("ends too early: it was cut off"), 1.0)


BOMB = (
    '<!DOCTYPE rss [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghij"))
    + "]>"
)
LEAK = '<!DOCTYPE rss [<!ENTITY j SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("declaration", [BOMB, LEAK], ids=["bomb", "leak"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_of_a_documents_own_are_refused(declaration: str, encoding: str) -> None:
    feed = rss("<title>&j;</title>", declaration=declaration)
    with pytest.raises(Unreadable, match="declares XML entities"):
        records(feed.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-7", "cp037", "utf-32"])
@pytest.mark.parametrize("content_type", ["application/xml", "text/xml; charset={}"])
def test_no_encoding_hides_entities(encoding: str, content_type: str) -> None:
    large = f'<!DOCTYPE rss [<!ENTITY j "{"x" * 100_000}">]>'
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>{large}'
    feed = rss("<title>" + "&j;" * 10_000 + "</title>", declaration=declaration)
    hidden = feed.encode(encoding).replace(b"<!ENTITY", b"+ADwAIQ-ENTITY")
    with pytest.raises(Unreadable, match="declares XML entities"):
        records(hidden, content_type=content_type.format(encoding))


def test_an_article_may_write_about_entities() -> None:
    item = "<title>XML</title><description><![CDATA[Use <!ENTITY x 'y'> twice]]></description>"
    assert articles(rss(item))[0]["title"] == "XML"


def test_a_doctype_alone_does_no_harm() -> None:
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss.dtd">'
    assert articles(rss("<title>T</title>", declaration=doctype))[0]["title"] == "T"


def test_bytes_that_name_a_file_are_never_opened(write: Write) -> None:
    path = write("feed.xml", rss("<title>T</title>"))
    with pytest.raises(Unreadable, match="neither RSS nor Atom"):
        records(str(path))


def test_a_file_is_read_up_to_a_limit(write: Write, tmp_path: Path) -> None:
    path = write("feed.xml", rss("<title>T</title>"))
    (record,) = Feed(partial(read_document, path)).records()
    assert record.place == f"{path} entry 1"
    with pytest.raises(Unreadable, match="larger than a feed may be"):
        read_document(write("huge.xml", b"<" * (LARGEST + 1)))
    with pytest.raises(Unreadable, match="No such file"):
        read_document(tmp_path / "none.xml")
