import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.importing.sources.plain_text import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One <b>bold</b>\n word</p>", "One bold word"),
        ("<p>One</p><p>Two<br>Three</p>", "One\nTwo\nThree"),
        ("Fish &amp; chips &#8211; caf&eacute;&nbsp;now", "Fish & chips \u2013 café now"),
        ("&lt;p&gt; is a tag", "<p> is a tag"),
        ("a<script>alert('<p>no</p>')</script>b<style>p {}</style>c", "abc"),
        ("5 < 6 and AT&T > 7", "5 < 6 and AT&T > 7"),
        ("<!-- hidden -->seen<![if x]>too<![endif]>", "seentoo"),
        ("<img src=x alt='a'>caption", "caption"),
        ("<p>never closed <i>at all", "never closed at all"),
        ("", ""),
        ("<br/>", ""),
    ],
)
def test_html_becomes_what_a_reader_sees(html: str, text: str) -> None:
    assert plain_text(html) == text


@given(st.text("<>![]-/?&#;x =\"'abscript 1DO\n", max_size=60))
def test_nothing_that_looks_like_html_breaks_it(html: str) -> None:
    lines = plain_text(html).split("\n")
    assert lines == [""] or all(line == " ".join(line.split()) != "" for line in lines)


@given(st.text(st.characters(exclude_characters="<&", exclude_categories=["Cs"])))
def test_text_without_tags_keeps_its_words(text: str) -> None:
    assert plain_text(text).split() == text.split()
