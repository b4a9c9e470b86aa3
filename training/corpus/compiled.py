"""Everything that is learned from, put together: so much of each source, and fragments of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Final

from pydantic import Field

from training.corpus import fragments
from training.corpus.passage import Passage
from training.corpus.source import Source, folder_of
from training.corpus.sources import SOURCES
from training.recipe import Settings

LONGEST_CROSSING: Final = 160


class Shares(Settings):
    """How much of what; ``None`` is all of it. Parallel sources count English passages."""

    definitions: int | None = Field(default=30_000, ge=0)
    examples: int | None = Field(default=20_000, ge=0)
    countries: int | None = Field(default=10_000, ge=0)
    titles: int | None = Field(default=30_000, ge=0)
    help: int | None = Field(default=1_200, ge=0)
    keywords: int | None = Field(default=600, ge=0)
    spans: float = Field(default=0.75, ge=0, description="for each sentence not in English")
    english_spans: int = Field(default=3, ge=0, description="for each sentence in English")
    crossings: int = Field(default=90_000, ge=0, description="of two of our own headlines")
    abouts: int = Field(default=56_000, ge=0, description="headlines with a title in them")
    cased: int = Field(default=5_000, ge=0, description="headlines in other case")
    sentence_crossings: int = Field(default=1_000, ge=0, description="in each other language")


KINDS: Final = {
    "definition": "definitions",
    "example": "examples",
    "country": "countries",
    "title": "titles",
    "help": "help",
    "keywords": "keywords",
}
"""Which share says how much of a kind is taken; of other kinds it is all."""


def compile_corpus(
    roots: Sequence[Path], shares: Shares, seed: int, sources: Sequence[Source] = SOURCES
) -> list[Passage]:
    """All passages, each text once in its language; the same for the same files and seed.

    Raises UnreadableData, also for a source that is in none of the ``roots``.
    """
    random = Random(seed)
    by_kind: dict[str, list[Passage]] = defaultdict(list)
    for source in sources:
        for passage in source.read(folder_of(source, roots)):
            by_kind[passage.kind].append(passage)
    for kind, share in KINDS.items():
        by_kind[kind] = _some(by_kind[kind], getattr(shares, share), random)
    made = list(_fragments(by_kind, shares, random))
    return _once([*(passage for kind in by_kind.values() for passage in kind), *made])


def _some(passages: list[Passage], share: int | None, random: Random) -> list[Passage]:
    """So many, each with all its translations, in their order."""
    chosen = sorted({p.key or p.text for p in passages if p.language == "en"})
    random.shuffle(chosen)
    kept = set(chosen[:share])
    return [p for p in passages if share is None or (p.key or p.text) in kept]


def _fragments(
    by_kind: dict[str, list[Passage]], shares: Shares, random: Random
) -> Iterable[Passage]:
    sentences = by_kind["sentence"]
    for sentence in sentences:
        english = sentence.language == "en"
        times = shares.english_spans if english else int(random.random() < shares.spans)
        for _ in range(times):
            text = fragments.span(sentence.text, sentence.language, random)
            if text:
                yield Passage("span", sentence.language, text)
    headlines = [p.text for p in by_kind["headline"] if p.language == "en"]
    titles = [p.text for p in by_kind["title"]]
    for _ in range(shares.crossings if headlines else 0):
        pair = random.choice(headlines), random.choice(headlines)
        text = fragments.crossing(*pair, "en", random)
        if text is not None:
            yield Passage("crossing", "en", text)
    for _ in range(shares.abouts if titles and headlines else 0):
        yield Passage("crossing", "en", fragments.about(titles, random.choice(headlines), random))
    for headline in random.sample(headlines, min(shares.cased, len(headlines))):
        yield Passage("headline", "en", fragments.in_other_case(headline, random))
    yield from _sentence_crossings(sentences, shares.sentence_crossings, random)


def _sentence_crossings(
    sentences: Sequence[Passage], times: int, random: Random
) -> Iterable[Passage]:
    by_language: dict[str, list[str]] = defaultdict(list)
    for sentence in sentences:
        by_language[sentence.language].append(sentence.text)
    for language, texts in by_language.items():
        for _ in range(times if language != "en" else 0):
            pair = random.choice(texts), random.choice(texts)
            text = fragments.crossing(*pair, language, random)
            if text is not None and len(text) < LONGEST_CROSSING:
                yield Passage("span", language, text)


def _once(passages: Iterable[Passage]) -> list[Passage]:
    """Each text once in its language, but for translations, which keep their places."""
    seen = set()
    kept = []
    for passage in passages:
        place = (passage.language, passage.text)
        if passage.key is None and place in seen:
            continue
        seen.add(place)
        kept.append(passage)
    return kept
