"""Is a text in the language that it is said to be in?"""

import polars as pl
import pytest

from tests.unit.training.cleaning.sentences import SENTENCES
from training.cleaning.language import in_other_language, known_as
from training.corpus.source import folder_of
from training.corpus.sources.headlines import SOURCE

GERMAN = "Der Stadtrat stimmt heute Abend über die neue Brücke ab"
FRENCH = "Le conseil municipal vote ce soir sur le nouveau pont"


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_is_in_its_own_language_alone(language: str) -> None:
    label = known_as(language)
    assert label is not None
    gone = in_other_language(pl.Series([SENTENCES[language], GERMAN]), label, 100)
    assert gone.to_list() == [False, True]


def test_languages_of_one_script_are_told_apart() -> None:
    texts = pl.Series([GERMAN, FRENCH, SENTENCES["eng_Latn"]])
    assert in_other_language(texts, "de", 100).to_list() == [False, True, True]
    assert in_other_language(texts, "fr", 100).to_list() == [True, False, True]


@pytest.mark.parametrize("text", ["OK", "12", "CNN", "Trump", "Merkel, Macron", ""])
def test_what_could_be_in_any_language_stays(text: str) -> None:
    assert not in_other_language(pl.Series([text]), "ro", 100).item()


@pytest.mark.parametrize(
    ("language", "label"),
    [
        ("en", "en"),
        ("eng_Latn", "en"),
        ("arb_Arab", "ar"),
        ("zho-CN", "zh"),
        ("cmn_Hans", "zh"),
        ("nob", "no"),
        ("srp_Cyrl", "sr"),
        ("qqq_Latn", None),
        ("chv_Cyrl", None),
    ],
)
def test_how_the_identifier_calls_a_language(language: str, label: str | None) -> None:
    assert known_as(language) == label


def test_hardly_a_headline_of_our_own_is_taken_for_another_language() -> None:
    parallel = [p for p in SOURCE.read(folder_of(SOURCE, ())) if p.key is not None]
    languages = {p.language for p in parallel}
    gone = []
    for language in sorted(languages):
        label = known_as(language)
        if label is not None:
            texts = pl.Series([p.text for p in parallel if p.language == language])
            gone += texts.filter(in_other_language(texts, label, 100)).to_list()
    assert len(languages) == 26
    assert len(gone) <= len(parallel) / 1000
