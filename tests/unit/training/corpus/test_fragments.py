"""Parts of texts and texts out of two: made of what was there, and decided by the seed."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.corpus.fragments import (
    BETWEEN_TITLES,
    SPAN_CHARACTERS,
    SPAN_WORDS,
    about,
    crossing,
    in_other_case,
    span,
)

words = st.text("abcäжए9'", min_size=1, max_size=6)
texts = st.lists(words, min_size=1, max_size=30).map(" ".join)
together = st.text("新闻報道あ7。", min_size=1, max_size=60)
seeds = st.integers(0, 2**32)


@given(texts, seeds)
def test_a_span_is_some_words_in_a_row_but_not_all(text: str, seed: int) -> None:
    part = span(text, "en", Random(seed))
    shortest, longest = SPAN_WORDS
    count = len(text.split())
    if count <= shortest + 2:
        assert part is None
    else:
        assert part is not None
        assert f" {part} " in f" {text} "
        assert shortest <= len(part.split()) <= min(longest, count - 1)


@pytest.mark.parametrize("language", ["zh", "ja"])
@given(text=together, seed=seeds)
def test_where_words_are_not_set_apart_a_span_counts_characters(
    language: str, text: str, seed: int
) -> None:
    part = span(text, language, Random(seed))
    shortest, longest = SPAN_CHARACTERS
    if len(text) <= shortest + 2:
        assert part is None
    else:
        assert part is not None
        assert part in text
        assert shortest <= len(part) <= min(longest, len(text) - 1)


def test_a_span_bears_no_comma_at_its_ends() -> None:
    spans = {span(" ".join(["one,", "two;"] * 6), "en", Random(seed)) for seed in range(20)}
    assert all(part and part.strip(" ,.;:") == part for part in spans)


@given(texts, texts, seeds)
def test_a_crossing_begins_as_the_one_and_ends_as_the_other(
    first: str, second: str, seed: int
) -> None:
    head, tail = first.split(), second.split()
    crossed = crossing(first, second, "en", Random(seed))
    if min(len(head), len(tail)) < 3:
        assert crossed is None
        return
    assert crossed is not None
    parts = crossed.split()
    cuts = [n for n in range(len(parts)) if parts == head[:n] + tail[len(tail) - len(parts) + n :]]
    assert any(n >= 2 and len(parts) - n >= len(tail) // 3 for n in cuts)


@given(together, together, seeds)
def test_a_crossing_of_texts_without_spaces_has_none(first: str, second: str, seed: int) -> None:
    crossed = crossing(first, second, "zh", Random(seed))
    if crossed is not None:
        assert crossed.startswith(first[:2])
        assert crossed.endswith(second[-1])
        assert " " not in crossed


@given(st.lists(texts, min_size=1, max_size=4), texts, seeds)
def test_a_headline_about_a_title_names_it_among_words_of_its_own(
    titles: list[str], headline: str, seed: int
) -> None:
    text = about(titles, headline, Random(seed))
    named = [title for title in titles if f" {title}" in f" {text}"]
    assert named
    known = {*headline.split(), *BETWEEN_TITLES}
    rest = " ".join(titles).split()
    assert {word.removesuffix(":") for word in text.split()} <= known | set(rest)


@given(texts, seeds)
def test_other_case_is_the_same_but_for_case(text: str, seed: int) -> None:
    other = in_other_case(text, Random(seed))
    assert other.casefold() == text.casefold()
    capitals = all(word[0] == word[0].upper() for word in other.split())
    assert capitals or other == text.lower()


@given(texts, texts, seeds)
def test_the_seed_alone_decides(first: str, second: str, seed: int) -> None:
    def made() -> list[str | None]:
        random = Random(seed)
        return [
            span(first, "en", random),
            crossing(first, second, "en", random),
            about([first], second, random),
            in_other_case(first, random),
        ]

    assert made() == made()
