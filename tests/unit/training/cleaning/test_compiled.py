"""A corpus, compiled: what stays, what goes and why, and how it is written."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.cleaning.sentences import SENTENCES
from tests.unit.training.real_data import sample
from training.cleaning.compiled import PAIRED, SINGLE, Corpus, compiled
from training.cleaning.report import Account, CleaningReport, Dropped, Reason
from training.cleaning.settings import Cleaning
from training.cleaning.steps import Known, steps
from training.data.polynews import read_parallel, read_texts
from training.data.problems import Problems
from training.errors import NotWritable, UnreadableData

GERMAN = "Der Stadtrat stimmt heute Abend über die neue Brücke ab"
OTHERS = {
    "eng_Latn": "Sales of small boats have doubled since the spring, dealers say",
    "rus_Cyrl": "Весной продажи небольших лодок выросли вдвое, говорят торговцы",
    "arb_Arab": "تضاعفت مبيعات القوارب الصغيرة منذ الربيع بحسب التجار",
    "zho_Hans": "经销商称春季以来小型船只的销量翻了一番",
    "hin_Deva": "विक्रेताओं के अनुसार वसंत से छोटी नावों की बिक्री दोगुनी हो गई है",
    "tha_Thai": "ผู้ขายระบุว่ายอดขายเรือเล็กเพิ่มขึ้นเท่าตัวตั้งแต่ฤดูใบไม้ผลิ",
}


def texts_of(texts: Mapping[str, Sequence[str]]) -> Corpus:
    rows = [(language, text) for language, some in texts.items() for text in some]
    return Corpus(pl.DataFrame(rows, ["language", "text"], orient="row"), SINGLE)


def pairs_of(*pairs: tuple[str, str], languages: tuple[str, str] = ("eng", "deu")) -> Corpus:
    columns = [*PAIRED.values(), *PAIRED]
    return Corpus(
        pl.DataFrame([(*languages, *pair) for pair in pairs], columns, orient="row"), PAIRED
    )


def one(report: CleaningReport) -> Account:
    (account,) = report.accounts
    return account


def dropped(report: CleaningReport) -> dict[str, tuple[int, int]]:
    return {reason: (of.count, of.example) for reason, of in one(report).dropped.items()}


@pytest.mark.parametrize("language", SENTENCES)
def test_each_text_goes_for_its_own_reason_in_every_script(tmp_path: Path, language: str) -> None:
    text, other = SENTENCES[language], OTHERS[language]
    foreign = GERMAN if language != "rus_Cyrl" else SENTENCES["eng_Latn"]
    corpus = texts_of({
        language: [
            f"  {text}\u200b",
            f"{text}\ufffd",
            "2024: 15 %",
            f"{text} " * 500,
            foreign,
            other,
            text,
            f"{other} !",
        ]
    })  # fmt: skip
    report = compiled(corpus, tmp_path / "out", Cleaning())
    wrong = "other language" if language == "eng_Latn" else "other script"
    assert dropped(report) == {
        "damaged": (1, 2),
        "few letters": (1, 3),
        "too long": (1, 4),
        wrong: (1, 5),
        "repeated": (1, 7),
        "near-duplicate": (1, 8),
    }
    assert read_texts(tmp_path / "out").frame.rows() == [(language, text), (language, other)]


def test_a_language_in_the_right_script_goes_only_if_it_is_checked(tmp_path: Path) -> None:
    corpus = texts_of({"eng_Latn": [GERMAN]})
    assert compiled(corpus, tmp_path / "a", Cleaning()).dropped == {Reason.OTHER_LANGUAGE: 1}
    unchecked = compiled(corpus, tmp_path / "b", Cleaning(language_check=False))
    assert unchecked.kept == 1
    assert unchecked.unknown_language == []


def test_the_same_text_may_stand_in_several_languages(tmp_path: Path) -> None:
    corpus = texts_of({"hrv": ["Novi most u gradu"], "bos": ["Novi most u gradu"]})
    assert compiled(corpus, tmp_path / "out", Cleaning()).kept == 2


def test_a_pair_goes_if_either_side_goes(tmp_path: Path) -> None:
    english, boats = SENTENCES["eng_Latn"], OTHERS["eng_Latn"]
    corpus = pairs_of(
        (english, GERMAN),
        ("…", "Noch ein Satz über Wetter und Wind"),
        ("One more sentence on the weather", "…"),
        ("The weather will be fine again", "The weather will be fine again"),
        (boats, SENTENCES["rus_Cyrl"]),
        (boats, GERMAN.upper()),
        (english, "Ganz anders gesagt und doch dasselbe"),
        (boats, "Händler verkaufen doppelt so viele kleine Boote"),
    )
    report = compiled(corpus, tmp_path / "out", Cleaning())
    assert dropped(report) == {
        "untranslated": (1, 4),
        "few letters": (2, 2),
        "other script": (1, 5),
        "repeated": (2, 7),
        "near-duplicate": (1, 6),
    }
    kept = read_parallel(tmp_path / "out").frame
    assert kept.rows() == [("eng", "deu", english, GERMAN)]
    assert kept.columns == ["source_language", "target_language", "source", "target"]


def test_a_pair_that_went_takes_no_other_along(tmp_path: Path) -> None:
    corpus = pairs_of(
        (SENTENCES["eng_Latn"], SENTENCES["rus_Cyrl"]),
        (SENTENCES["eng_Latn"], GERMAN),
    )
    report = compiled(corpus, tmp_path / "out", Cleaning())
    assert dropped(report) == {"other script": (1, 1)}


def test_what_is_in_a_language_that_nobody_knows_stays_and_the_report_says_so(
    tmp_path: Path,
) -> None:
    corpus = texts_of({"qqq": ["Something else", "Совсем другое"], "eng": ["Something known"]})
    report = compiled(corpus, tmp_path / "out", Cleaning())
    assert report.kept == 3
    assert report.unknown_script == ["qqq"]
    assert report.unknown_language == ["qqq"]


def test_a_corpus_is_written_as_polynews_is(tmp_path: Path) -> None:
    compiled(texts_of({one: [text] for one, text in SENTENCES.items()}), tmp_path / "a", Cleaning())
    written = {path.name for path in (tmp_path / "a").iterdir()}
    assert written == {*SENTENCES, "report.json"}
    assert pl.read_parquet(tmp_path / "a/tha_Thai/train.parquet").columns == ["language", "text"]
    languages = ("eng_Latn", "deu_Latn")
    compiled(
        pairs_of((SENTENCES["eng_Latn"], GERMAN), languages=languages), tmp_path / "b", Cleaning()
    )
    pairs = pl.read_parquet(tmp_path / "b/eng_Latn-deu_Latn/train.parquet")
    assert pairs.columns == ["src_lang", "tgt_lang", "src", "tgt"]


@pytest.mark.parametrize("language", ["en", "zho-CN", "eng_Latn", "mn_Cyrl"])
def test_every_code_comes_back_as_it_was(tmp_path: Path, language: str) -> None:
    lenient = Cleaning(language_check=False, script_share=1e-9)
    compiled(texts_of({language: ["A мост 桥"]}), tmp_path / "a", lenient)
    assert set(read_texts(tmp_path / "a").frame["language"]) == {language}
    other = pairs_of(("A мост 桥", "B мост 桥"), languages=(language, "deu"))
    compiled(other, tmp_path / "b", lenient)
    assert read_parallel(tmp_path / "b", pivot="deu").frame["target_language"].item() == language


words = st.sampled_from(
    ["new", "bridge", "council", "мост", "совет", "桥", "!", "2024", "\ufffd", ""]
)
many = st.lists(st.lists(words, max_size=7).map(" ".join), max_size=12)


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.sampled_from(["eng", "rus", "zho"]), many, min_size=1))
def test_all_that_is_read_is_kept_or_dropped_and_of_the_kept_all_is_kept_again(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[str, list[str]]
) -> None:
    corpus = texts_of(texts)
    if corpus.frame.is_empty():
        return
    folder, again = (tmp_path_factory.mktemp("out") for _ in range(2))
    report = compiled(corpus, folder, Cleaning(threshold=0.6))
    assert report.read == sum(map(len, texts.values()))
    for account in report.accounts:
        assert account.read == account.kept + sum(of.count for of in account.dropped.values())
    assert report.read == report.kept + report.dropped.total()
    if report.kept:
        kept = Corpus.of_texts(folder, Problems())
        assert len(kept.frame) == report.kept
        second = compiled(kept, again, Cleaning(threshold=0.6))
        assert (second.kept, second.dropped) == (report.kept, {})
        assert Corpus.of_texts(again, Problems()).frame.equals(kept.frame)


@settings(deadline=None, max_examples=15)
@given(many, many, many)
def test_the_order_of_languages_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, eng: list[str], rus: list[str], zho: list[str]
) -> None:
    texts = {"eng": ["A bridge", *eng], "rus": ["Мост", *rus], "zho": ["新桥", *zho]}
    folders = [tmp_path_factory.mktemp("out") for _ in range(2)]
    orders = [texts, dict(reversed(texts.items()))]
    for folder, order in zip(folders, orders, strict=True):
        compiled(texts_of(order), folder, Cleaning())
    first, second = (Corpus.of_texts(folder, Problems()).frame for folder in folders)
    assert first.equals(second)
    assert len({(folder / "report.json").read_text() for folder in folders}) == 1


def test_the_report_as_json_holds_figures_and_no_text(tmp_path: Path) -> None:
    problems = Problems(skip=True)
    problems.meet(Path("a.jsonl"), [3], "an object", ["none"])
    english = [SENTENCES["eng_Latn"], SENTENCES["eng_Latn"], "12"]
    report = compiled(texts_of({"eng": english}), tmp_path / "out", Cleaning(), problems)
    written = (tmp_path / "out/report.json").read_text()
    assert "council" not in written
    assert json.loads(written) == {
        "read": 3,
        "kept": 1,
        "dropped": {"few letters": 1, "repeated": 1},
        "accounts": [
            {
                "languages": ["eng"],
                "read": 3,
                "kept": 1,
                "dropped": {
                    "few letters": {"count": 1, "example": 3},
                    "repeated": {"count": 1, "example": 2},
                },
            }
        ],
        "settings": Cleaning().model_dump(mode="json"),
        "unknown_script": [],
        "unknown_language": [],
        "skipped": {"a.jsonl: expected an object": 1},
    }
    assert report.accounts[0].dropped[Reason.REPEATED] == Dropped(1, 2)


def test_where_nothing_stays_the_report_still_says_why(tmp_path: Path) -> None:
    report = compiled(texts_of({"eng": ["12", "13"]}), tmp_path / "out", Cleaning())
    assert report.dropped == {Reason.FEW_LETTERS: 2}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    ("language", "said"),
    [("eng_Abcd", "eng_Abcd: there is no script Abcd"), ("../up", "is no language's code")],
)
def test_a_bad_code_is_named_before_anything_is_written(
    tmp_path: Path, language: str, said: str
) -> None:
    with pytest.raises(UnreadableData, match=said):
        compiled(texts_of({"eng": ["Text"], language: ["Text"]}), tmp_path / "out", Cleaning())
    assert not (tmp_path / "out").exists()


def test_an_empty_corpus_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match="there is no text to clean"):
        compiled(texts_of({}), tmp_path / "out", Cleaning())


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    corpus = texts_of({"eng": ["Some text"]})
    with pytest.raises(NotWritable, match=r"out is not empty; say another folder$"):
        compiled(corpus, tmp_path / "out", Cleaning())
    with pytest.raises(NotWritable, match=r"mine\.txt cannot be written: "):
        compiled(corpus, tmp_path / "out/mine.txt", Cleaning())
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_pairs_are_asked_reason_by_reason_and_side_by_side() -> None:
    known = Known(("Latn",), None)
    reasons = [step.reason for step in steps({"source": known, "target": known}, Cleaning())]
    assert reasons == [
        Reason.UNTRANSLATED,
        *(
            reason
            for reason in Reason
            if reason not in {"untranslated", "other language"}
            for _ in "12"
        ),
    ]


def test_of_professional_text_almost_nothing_goes(tmp_path: Path) -> None:
    corpus = Corpus.of_texts(sample("ntrex-128"), Problems())
    some = Corpus(corpus.frame.filter(pl.int_range(pl.len()).over("language") < 400), SINGLE)
    report = compiled(some, tmp_path / "out", Cleaning())
    assert report.read == 30 * 400
    assert report.kept >= 0.995 * report.read
    assert set(report.dropped) <= {
        Reason.FEW_LETTERS,
        Reason.OTHER_SCRIPT,
        Reason.OTHER_LANGUAGE,
        Reason.REPEATED,
        Reason.NEAR_DUPLICATE,
    }
    assert min(account.kept for account in report.accounts) >= 0.98 * 400
    assert (report.unknown_script, report.unknown_language) == ([], [])


@pytest.mark.slow
def test_of_professional_pairs_almost_nothing_goes(tmp_path: Path) -> None:
    corpus = Corpus.of_pairs(sample("ntrex-128"), "eng", Problems())
    report = compiled(corpus, tmp_path / "out", Cleaning())
    assert report.kept >= 0.995 * report.read
    assert report.dropped[Reason.UNTRANSLATED] >= 20  # a French sentence stands in most languages
    assert len(read_parallel(tmp_path / "out", pivot="eng")) == report.kept
