"""Is a text written in the script that its language's code names?"""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.cleaning.sentences import SENTENCES
from training.cleaning.script import in_other_script, scripts_of
from training.errors import UnreadableData


def goes(text: str, language: str, share: float = 0.5) -> bool:
    return bool(in_other_script(pl.Series([text]), scripts_of(language), share).item())


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_stays_in_its_own_script_alone(language: str) -> None:
    others = [text for one, text in SENTENCES.items() if one != language]
    assert not goes(SENTENCES[language], language)
    assert all(goes(text, language) for text in others)


@pytest.mark.parametrize("language", SENTENCES)
def test_a_code_without_a_script_means_the_usual_one(language: str) -> None:
    plain = language.partition("_")[0]
    assert scripts_of(plain) == scripts_of(language)


@pytest.mark.parametrize(
    ("language", "scripts"),
    [
        ("en", ("Latn",)),
        ("arb", ("Arab",)),
        ("zho-CN", ("Hani",)),
        ("zh_TW", ("Hani",)),
        ("jpn", ("Hani", "Hira", "Kana")),
        ("kor_Hang", ("Hang",)),
        ("ko", ("Hang", "Hani")),
        ("srp", ("Cyrl", "Latn")),
        ("srp_Latn", ("Latn",)),
        ("amh", ("Ethi",)),
        ("qqq", ()),
        ("qqq_Latn", ("Latn",)),
    ],
)
def test_a_languages_scripts(language: str, scripts: tuple[str, ...]) -> None:
    assert scripts_of(language) == scripts


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Apple 发布新手机 iPhone 17 Pro Max", "zho"),
        ("Sainsbury's 将依托 Boots 和 Debenhams 开设柜台", "zho"),
        ("Google и Apple судятся снова", "rus"),
        ("東京でコーヒーの価格が上がる", "jpn"),
        ("2024: 15 %, 🎉", "tha"),
        ("Ʌµ 20 ªº", "eng"),
    ],
)
def test_foreign_names_and_what_belongs_to_no_script_do_not_matter(
    text: str, language: str
) -> None:
    assert not goes(text, language)


def test_the_share_is_one_of_words() -> None:
    text = "Fox News показал CNN"
    assert not goes(text, "rus", share=0.25)
    assert goes(text, "rus", share=0.26)


@settings(deadline=None)
@given(st.text(), st.floats(0.01, 1), st.floats(0.01, 1))
def test_what_goes_also_goes_where_more_is_wanted(text: str, one: float, other: float) -> None:
    less, more = sorted([one, other])
    assert goes(text, "rus", more) or not goes(text, "rus", less)


@pytest.mark.parametrize("language", ["eng_Abcd", "deu_Xyzw"])
def test_an_unknown_script_is_named(language: str) -> None:
    with pytest.raises(UnreadableData, match=rf"^{language}: there is no script {language[4:]}$"):
        scripts_of(language)


@pytest.mark.parametrize("language", ["", "../eng", "a/b", "english words", "x"])
def test_what_is_no_language_is_named(language: str) -> None:
    with pytest.raises(UnreadableData, match=r"is no language's code such as en, eng_Latn$"):
        scripts_of(language)
