"""Reading each source in its own format: what is kept, what is left out, what is refused."""

from collections import defaultdict
from pathlib import Path

import pytest

from tests.unit.training.corpus.tiny_corpora import DOCUMENTS, sentence, write_corpora
from training.corpus.passage import Passage
from training.corpus.source import Source, folder_of
from training.corpus.sources import (
    SOURCES,
    cldr,
    factbook,
    libreoffice_help,
    ntrex,
    sib,
    wordnet,
)
from training.errors import UnreadableData

ON_DISK = [source for source in SOURCES if source.folder is not None]
LEARNED = [0, 1, 2, 3, 4, 5]
"""The lines of NTREX's documents before the last 20."""


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"))


def read(source: Source, corpora: Path) -> list[Passage]:
    return list(source.read(folder_of(source, [corpora])))


def by_key(passages: list[Passage]) -> dict[str, dict[str, str]]:
    """Each key's texts by their languages."""
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    for passage in passages:
        assert passage.key is not None
        texts[passage.key][passage.language] = passage.text
    return dict(texts)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_source_gives_the_same_texts_in_the_same_order_and_none_is_empty(
    source: Source, corpora: Path
) -> None:
    passages = read(source, corpora)
    assert passages == read(source, corpora)
    assert passages
    assert all(passage.text.strip() for passage in passages)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_source_says_whose_it_is_and_under_which_licence(source: Source) -> None:
    assert source.title
    assert source.licence


def test_the_last_twenty_documents_of_ntrex_are_never_read(corpora: Path) -> None:
    texts = by_key(read(ntrex.SOURCE, corpora))
    assert list(texts) == [f"ntrex:{number}" for number in LEARNED]
    folder = corpora / "ntrex-128"
    assert ntrex.learned_lines(folder) == LEARNED
    assert ntrex.held_out_lines(folder) == list(range(6, 2 * DOCUMENTS))


def test_ntrexs_sentences_are_parallel_in_all_its_languages(corpora: Path) -> None:
    languages = list(ntrex.LANGUAGES.values())
    for number, texts in zip(LEARNED, by_key(read(ntrex.SOURCE, corpora)).values(), strict=True):
        assert texts == {language: sentence(number, language) for language in languages}


def test_a_document_that_is_told_in_two_parts_is_held_out_whole(tmp_path: Path) -> None:
    documents = ["first", "last", *(f"paper.{n}" for n in range(19)), "first", "last"]
    (tmp_path / "DOCUMENT_IDS.tsv").write_text("\n".join(documents) + "\n")
    assert ntrex.learned_lines(tmp_path) == [0, 21]


def test_sibs_sentences_of_all_splits_are_parallel(corpora: Path) -> None:
    texts = by_key(read(sib.SOURCE, corpora))
    assert texts.keys() == {"sib:0", "sib:50", "sib:1", "sib:2"}
    assert texts["sib:50"] == {name: sentence(50, name) for name in sib.LANGUAGES.values()}


def test_a_set_of_synonyms_gives_its_definition_and_its_examples(corpora: Path) -> None:
    assert read(wordnet.SOURCE, corpora) == [
        Passage("definition", "en", "harbour board: those who decide when a harbour opens"),
        Passage("example", "en", "the harbour board met at noon and went home"),
        Passage("definition", "en", "lighthouse: a tower with a lamp that ships look out for"),
        Passage("definition", "en", "moor: tie a boat to something that stays where it is"),
        Passage("example", "en", "she moored the ferry at the second attempt"),
    ]


def test_a_country_gives_its_sentences_without_markup_and_without_tables(corpora: Path) -> None:
    assert [passage.text.strip() for passage in read(factbook.SOURCE, corpora)] == [
        "Ambria became a republic after a very long lunch.",
        "Its neighbours & friends were told the next day.",
    ]


def test_a_sentence_that_two_countries_share_is_read_once(corpora: Path, tmp_path: Path) -> None:
    text = (corpora / "factbook/europe/am.json").read_text()
    for name in ("am", "an"):
        (tmp_path / f"{name}.json").write_text(text)
    assert list(factbook.SOURCE.read(tmp_path)) == read(factbook.SOURCE, corpora)


def test_a_paragraph_of_help_is_read_without_markup_and_hidden_words(corpora: Path) -> None:
    texts = by_key(read(libreoffice_help.SOURCE, corpora))
    assert texts["libreoffice:shared/harbour.html:hd_id1"] == {
        language: f"How the harbour opens, in {language}"
        for language in libreoffice_help.LANGUAGES.values()
    }
    (text,) = texts["libreoffice:shared/harbour.html:par_id2"].values()
    assert text == "Press Enter & wait until the harbour opens."


def test_a_paragraph_of_help_that_nobody_translated_is_left_out(corpora: Path) -> None:
    texts = by_key(read(libreoffice_help.SOURCE, corpora))
    assert texts["libreoffice:shared/harbour.html:par_id3"] == {
        "en": "This was not translated by anybody.",
        "de": "Das hier hat jemand übersetzt.",
    }
    assert "libreoffice:shared/harbour.html:par_id4" not in texts


def test_a_paragraphs_key_does_not_depend_on_where_the_corpora_lie(
    corpora: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "text" / "corpora"
    elsewhere.parent.mkdir()
    elsewhere.symlink_to(corpora)
    assert read(libreoffice_help.SOURCE, elsewhere) == read(libreoffice_help.SOURCE, corpora)


def test_an_emojis_name_and_keywords_are_read_but_no_skin_tones(corpora: Path) -> None:
    texts = by_key(read(cldr.SOURCE, corpora))
    assert texts.keys() == {"cldr:⚓", "cldr:🛶"}
    assert texts["cldr:⚓"] == {
        language: f"anchor {language}: ship {language}" for language in ntrex.LANGUAGES.values()
    }
    assert texts["cldr:🛶"]["nb"] == "canoe nb"


@pytest.mark.parametrize("source", ON_DISK, ids=lambda source: source.name)
def test_a_missing_source_is_told_by_its_folder(source: Source, tmp_path: Path) -> None:
    with pytest.raises(UnreadableData) as raised:
        folder_of(source, [tmp_path / "one", tmp_path / "two"])
    one, two = tmp_path / "one", tmp_path / "two"
    expected = f"{source.name} is missing: no folder {source.folder} in {one}, {two}"
    assert str(raised.value) == expected


def test_the_first_root_that_has_a_source_gives_it(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "wordnet").mkdir(parents=True)
    roots = [tmp_path / "none", tmp_path / "two", tmp_path / "one"]
    assert folder_of(wordnet.SOURCE, roots) == tmp_path / "two" / "wordnet"


@pytest.mark.parametrize("source", ON_DISK, ids=lambda source: source.name)
def test_an_empty_folder_is_refused_in_one_line(source: Source, tmp_path: Path) -> None:
    check_refused(source, tmp_path, str(tmp_path))


@pytest.mark.parametrize(
    ("source", "file", "content", "message"),
    [
        (ntrex.SOURCE, "DOCUMENT_IDS.tsv", None, "cannot be read: No such file"),
        (ntrex.SOURCE, "DOCUMENT_IDS.tsv", b"one\n", "has 46 lines where DOCUMENT_IDS.tsv has 1"),
        (ntrex.SOURCE, "NTREX-128/newstest2019-ref.deu.txt", None, "no newstest2019-ref.deu.txt"),
        (ntrex.SOURCE, "NTREX-128/newstest2019-ref.deu.txt", b"one\n", "has 1 lines where"),
        (ntrex.SOURCE, "NTREX-128/newstest2019-ref.deu.txt", b"\xff\n", "1: expected UTF-8 text"),
        (sib.SOURCE, "data/annotated/eng_Latn/dev.tsv", b"", "is empty"),
        (sib.SOURCE, "data/annotated/eng_Latn/dev.tsv", b"a\tb\tc\n1\n", "2: expected 3 columns"),
        (wordnet.SOURCE, "data.noun", b"00000001 03 n 01\n", "data.noun:1: expected synonyms |"),
        (factbook.SOURCE, "europe/am.json", b"{", "am.json is not JSON"),
        (factbook.SOURCE, "europe/am.json", b"\xff", "am.json is not utf-8 text"),
        (libreoffice_help.SOURCE, "de/text/shared/harbour.html", b"\xff", "is not utf-8 text"),
        (libreoffice_help.SOURCE, "de/text/shared/harbour.html", None, "no pages of help"),
        (cldr.SOURCE, "annotations/de/annotations.json", None, "no annotations.json for de"),
        (cldr.SOURCE, "annotations/de/annotations.json", b"[1]", "holds no annotations"),
        (cldr.SOURCE, "annotations/de/annotations.json", b'{"a": {}}', "holds no annotations"),
    ],
)
def test_a_damaged_file_is_named_in_one_line(
    tmp_path: Path, source: Source, file: str, content: bytes | None, message: str
) -> None:
    path = folder_of(source, [write_corpora(tmp_path)]) / file
    assert path.is_file()
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    check_refused(source, folder_of(source, [tmp_path]), message)


def check_refused(source: Source, folder: Path, message: str) -> None:
    with pytest.raises(UnreadableData) as raised:
        list(source.read(folder))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
