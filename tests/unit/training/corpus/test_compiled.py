"""All sources together: so much of each, parallel passages whole, each text once."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.training.corpus.tiny_corpora import sentence, write_corpora
from training.corpus.compiled import KINDS, Shares, compile_corpus
from training.corpus.passage import Passage
from training.corpus.source import Source
from training.corpus.sources import SOURCES, ntrex
from training.errors import UnreadableData

NO_FRAGMENTS = Shares(
    spans=0, english_spans=0, crossings=0, abouts=0, cased=0, sentence_crossings=0
)
FEW_FRAGMENTS = Shares(crossings=40, abouts=30, cased=10, sentence_crossings=3)
DEFINITIONS = [Passage("definition", "en", f"word{n}: what it means") for n in range(10)]
HELP = [
    Passage("help", language, f"Press {n} to open the harbour [{language}]", f"help:{n}")
    for language in ("en", "de", "zh")
    for n in range(6)
    if language == "en" or n != 2
]
SENTENCES = [
    Passage("sentence", language, sentence(n, language), f"news:{n}")
    for language in ("en", "de", "zh")
    for n in range(8)
]
HEADLINES = [Passage("headline", "en", f"Ferry {n} finds its way home again") for n in range(30)]
TITLES = [Passage("title", "en", f"Ada Ambry {n}") for n in range(9)]


def source(passages: Sequence[Passage]) -> Source:
    return Source("ours", None, "Texts of this test", "Apache-2.0", lambda _: iter(passages))


def compiled(*passages: Sequence[Passage], shares: Shares, seed: int = 1) -> list[Passage]:
    return compile_corpus([], shares, seed, [source(some) for some in passages])


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"))


def test_the_seed_and_the_files_decide_everything(corpora: Path) -> None:
    roots = [corpora]
    first = compile_corpus(roots, FEW_FRAGMENTS, 3)
    assert first == compile_corpus(roots, FEW_FRAGMENTS, 3)
    assert first != compile_corpus(roots, FEW_FRAGMENTS, 4)


def test_every_source_is_in_it_and_held_out_documents_are_not(corpora: Path) -> None:
    passages = compile_corpus([corpora], FEW_FRAGMENTS, 3)
    kinds = {"headline", "sentence", "span", "crossing", *KINDS}
    assert {passage.kind for passage in passages} == kinds
    assert {p.language for p in passages} == set(ntrex.LANGUAGES.values())
    assert not any("[de]" in p.text and p.text.startswith(sentence(6, "en")) for p in passages)
    keys = {p.key for p in passages if p.key and p.key.startswith("ntrex:")}
    assert keys == {f"ntrex:{number}" for number in range(6)}


def test_a_source_that_is_nowhere_ends_it(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match="ntrex is missing"):
        compile_corpus([tmp_path], NO_FRAGMENTS, 1, SOURCES)


@pytest.mark.parametrize(("share", "expected"), [(0, 0), (3, 3), (10, 10), (99, 10), (None, 10)])
def test_so_much_is_taken_of_a_kind_as_its_share_says(share: int | None, expected: int) -> None:
    shares = NO_FRAGMENTS.model_copy(update={"definitions": share})
    passages = compiled(DEFINITIONS, HEADLINES, shares=shares)
    counts = Counter(passage.kind for passage in passages)
    assert (counts["definition"], counts["headline"]) == (expected, len(HEADLINES))
    taken = [passage for passage in passages if passage.kind == "definition"]
    assert taken == [passage for passage in DEFINITIONS if passage in taken]


def test_which_are_taken_is_the_seeds_to_decide() -> None:
    shares = NO_FRAGMENTS.model_copy(update={"definitions": 3})
    assert len({tuple(compiled(DEFINITIONS, shares=shares, seed=seed)) for seed in range(5)}) > 1


def test_a_share_counts_english_passages_and_takes_all_their_translations() -> None:
    taken = compiled(HELP, shares=NO_FRAGMENTS.model_copy(update={"help": 4}))
    keys = {passage.key for passage in taken}
    assert len(keys) == 4
    assert taken == [passage for passage in HELP if passage.key in keys]


def test_without_a_share_a_passage_whose_original_is_missing_is_taken_too() -> None:
    orphan = Passage("help", "de", "Davon gibt es kein Original", "help:orphan")
    everything = NO_FRAGMENTS.model_copy(update={"help": None})
    assert compiled([*HELP, orphan], shares=everything) == [*HELP, orphan]


def test_a_text_stands_there_once_in_its_language() -> None:
    twice = [*DEFINITIONS, *DEFINITIONS, *TITLES, Passage("title", "de", TITLES[0].text)]
    passages = compiled(twice, shares=NO_FRAGMENTS)
    assert passages == [*DEFINITIONS, *TITLES, Passage("title", "de", TITLES[0].text)]


def test_translations_that_read_alike_keep_their_places() -> None:
    alike = [
        Passage("help", language, text, key)
        for key, text in (("help:1", "Menu of the harbour"), ("help:2", "Menu of the harbour"))
        for language in ("en", "de")
    ]
    assert compiled(alike, shares=NO_FRAGMENTS) == alike


def test_fragments_of_sentences_are_spans_of_their_languages() -> None:
    shares = FEW_FRAGMENTS.model_copy(update={"spans": 1.0, "english_spans": 2})
    passages = compiled(SENTENCES, shares=shares)
    texts = defaultdict(list)
    for passage in passages:
        if passage.kind == "span":
            texts[passage.language].append(passage.text)
    assert 8 <= len(texts["en"]) <= 16
    assert texts.keys() == {"en", "de", "zh"}
    assert all(any(text in s.text for s in SENTENCES) for text in texts["en"])
    assert passages[: len(SENTENCES)] == SENTENCES


def test_headlines_are_crossed_named_and_cased_as_often_as_is_said() -> None:
    passages = compiled(HEADLINES, TITLES, shares=FEW_FRAGMENTS)
    counts = Counter(passage.kind for passage in passages)
    assert counts["title"] == len(TITLES)
    assert counts["headline"] == len(HEADLINES) + 10
    assert 30 < counts["crossing"] <= 70
    assert any("Ada Ambry" in p.text for p in passages if p.kind == "crossing")


@pytest.mark.parametrize(
    "passages", [TITLES, HEADLINES, SENTENCES], ids=["titles", "lines", "news"]
)
def test_what_there_is_none_of_is_not_crossed(passages: list[Passage]) -> None:
    assert set(passages) <= set(compiled(passages, shares=FEW_FRAGMENTS))
