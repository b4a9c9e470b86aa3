"""Our own headlines: each once, the parallel ones whole, and none that the service shows."""

from collections import Counter, defaultdict
from pathlib import Path

from service.sample import sample
from training.corpus.sources.headlines import SOURCE

PASSAGES = list(SOURCE.read(Path()))
LANGUAGES = 26


def test_no_line_stands_there_twice() -> None:
    counts = Counter((passage.language, passage.text) for passage in PASSAGES)
    assert [line for line, count in counts.items() if count > 1] == []


def test_every_line_has_a_text_on_one_line() -> None:
    assert all(p.text and p.text == " ".join(p.text.split()) for p in PASSAGES)


def test_a_parallel_line_has_all_languages_english_first() -> None:
    languages = defaultdict(list)
    for passage in PASSAGES:
        if passage.key is not None:
            languages[passage.key].append(passage.language)
    first = next(iter(languages.values()))
    assert len(first) == len(set(first)) == LANGUAGES
    assert first[0] == "en"
    assert all(sorted(some) == sorted(first) and some[0] == "en" for some in languages.values())


def test_a_line_that_is_not_parallel_is_english() -> None:
    assert {passage.language for passage in PASSAGES if passage.key is None} == {"en"}


def test_the_services_sample_articles_are_not_among_them() -> None:
    titles = {passage.text.casefold() for passage in PASSAGES}
    assert [a["title"] for a in sample("articles") if a["title"].casefold() in titles] == []
