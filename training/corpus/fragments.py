"""More texts of what there is: parts of sentences, and headlines put together from two.

Nobody would write them, but a teacher has a vector for each, and so they teach what a word does
to a meaning. Published headlines are short; most sentences are not.

Everything here is decided by the ``random.Random`` that is passed in.
"""

from collections.abc import Sequence
from random import Random
from typing import Final

WITHOUT_SPACES: Final = frozenset({"zh", "ja"})
"""Languages whose words are not set apart: there a character counts as a word."""
SPAN_WORDS: Final = (4, 11)
SPAN_CHARACTERS: Final = (8, 24)
BETWEEN_TITLES: Final = ("and", "vs.", "in", "at", "on", "with", "for")


def span(text: str, language: str, random: Random) -> str | None:
    """Some words in a row of the text; None if it is as short itself."""
    words, joint = _words(text, language)
    shortest, longest = SPAN_CHARACTERS if joint == "" else SPAN_WORDS
    if len(words) <= shortest + 2:
        return None
    length = min(random.randint(shortest, longest), len(words) - 1)
    start = random.randint(0, len(words) - length)
    return joint.join(words[start : start + length]).strip(" ,.;:")


def crossing(first: str, second: str, language: str, random: Random) -> str | None:
    """The beginning of one text and the end of another; None if one has but a word or two."""
    head, joint = _words(first, language)
    tail, _ = _words(second, language)
    if len(head) < 3 or len(tail) < 3:
        return None
    until = max(2, random.randint(len(head) // 3, 2 * len(head) // 3 + 1))
    since = random.randint(len(tail) // 3, 2 * len(tail) // 3)
    return joint.join(head[:until] + tail[since:])


def about(titles: Sequence[str], headline: str, random: Random) -> str:
    """A headline that names what one of ``titles`` names, in one of four ways."""
    words = headline.split()
    title, until = random.choice(titles), random.randint(1, max(1, len(words) // 2))
    way = random.random()
    if way < 0.5:
        return " ".join([title, *words[until:]])
    if way < 0.75:
        return " ".join([*words[: until + 2], title])
    if way < 0.85:
        return f"{title}: {headline}"
    between, other = random.choice(BETWEEN_TITLES), random.choice(titles)
    return " ".join([*words[: until + 1], title, between, other])


def in_other_case(headline: str, random: Random) -> str:
    """The Headline Like This, or like this."""
    if random.random() < 0.6:
        return " ".join(word[:1].upper() + word[1:] for word in headline.split())
    return headline.lower()


def _words(text: str, language: str) -> tuple[list[str], str]:
    """The words, and what joins them."""
    if language in WITHOUT_SPACES:
        return list(text), ""
    return text.split(), " "
