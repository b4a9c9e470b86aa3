"""Texts and pairs of texts in many languages, from every kind of file."""

from pathlib import Path

import polars as pl
import pytest

from tests.unit.training.real_data import sample
from training.data.polynews import read_parallel, read_texts
from training.data.problems import Problems
from training.errors import UnreadableData

PAIR = {"src_lang": ["eng"], "tgt_lang": ["deu"], "src": ["Hello"], "tgt": ["Hallo"]}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
    return folder


def parquet(path: Path, columns: dict[str, list[str | None]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(columns).write_parquet(path)
    return path


def test_texts_of_a_parquet_file_with_their_language(tmp_path: Path) -> None:
    columns: dict[str, list[str | None]] = {"lang": ["deu", "eng"], "text": ["Hallo", "Hello"]}
    texts = read_texts(parquet(tmp_path / "texts.parquet", {**columns, "provenance": ["x", "y"]}))
    assert texts.frame.rows() == [("deu", "Hallo"), ("eng", "Hello")]
    assert texts.frame.columns == ["language", "text"]


def test_a_published_files_language_is_its_folders(tmp_path: Path) -> None:
    parquet(tmp_path / "data" / "eng_Latn" / "train.parquet.gzip", {"text": ["Hello"]})
    parquet(tmp_path / "data" / "amh_Ethi" / "train" / "0000.parquet", {"text": ["ሰላም"]})
    texts = read_texts(tmp_path)
    assert texts.frame.rows() == [("amh_Ethi", "ሰላም"), ("eng_Latn", "Hello")]


def test_texts_of_json_lines(tmp_path: Path) -> None:
    write(tmp_path, {"a.jsonl": '{"text": "Hello", "language": "eng"}\n\n'})
    write(tmp_path, {"deu_Latn.ndjson": '{"text": "Hallo"}\n'})
    texts = read_texts(tmp_path)
    assert texts.frame.rows() == [("eng", "Hello"), ("deu_Latn", "Hallo")]


def test_texts_of_plain_files_are_named_by_language(tmp_path: Path) -> None:
    files = {
        "deu.txt": "Eins\n\nZwei\r\n",
        "news.zho-CN.txt": "一\n",
        "eng/b.txt": "Two\n",
        "eng/a.txt": "\ufeffOne",
        "README.md": "x",
        "readme.txt": "x",
        "IDS.tsv": "x",
        "Drafts/a.txt": "x",
    }
    texts = read_texts(write(tmp_path, files))
    rows = [("deu", "Eins"), ("deu", "Zwei"), ("eng", "One"), ("eng", "Two"), ("zho-CN", "一")]
    assert texts.frame.rows() == rows
    assert len(texts) == 5


@pytest.mark.parametrize(
    "names",
    [
        ("src_lang", "tgt_lang", "src", "tgt"),
        ("source_language", "target_language", "source", "target"),
        ("source_lang", "target_lang", "src_text", "tgt_text"),
    ],
)
def test_pairs_whose_columns_are_called_otherwise(tmp_path: Path, names: tuple[str, ...]) -> None:
    columns = dict(zip(names, PAIR.values(), strict=True))
    pairs = read_parallel(parquet(tmp_path / "pairs.parquet", dict(columns)))
    assert pairs.frame.rows() == [("eng", "deu", "Hello", "Hallo")]


def test_a_published_files_languages_are_its_folders(tmp_path: Path) -> None:
    columns: dict[str, list[str | None]] = {"src": ["Hello"], "tgt": ["Salut"]}
    parquet(tmp_path / "data" / "eng_Latn-ron_Latn" / "train.parquet.gzip", columns)
    assert read_parallel(tmp_path).frame.rows() == [("eng_Latn", "ron_Latn", "Hello", "Salut")]


def test_a_pivot_is_the_source_of_every_pair(tmp_path: Path) -> None:
    columns = {
        "src_lang": ["deu", "eng", "deu"],
        "tgt_lang": ["eng", "fra", "fra"],
        "src": ["Hallo", "Hello", "Hallo"],
        "tgt": ["Hello", "Salut", "Salut"],
    }
    path = parquet(tmp_path / "pairs.parquet", {name: [*of] for name, of in columns.items()})
    pairs = read_parallel(path, pivot="eng")
    assert pairs.frame.rows() == [
        ("eng", "fra", "Hello", "Salut"),
        ("eng", "deu", "Hello", "Hallo"),
    ]
    with pytest.raises(UnreadableData, match=r"expected pairs with ita, found none"):
        read_parallel(path, pivot="ita")


def test_plain_files_are_parallel_line_by_line(tmp_path: Path) -> None:
    files = {
        "n-src.eng.txt": "One\nTwo\n",
        "n-ref.deu.txt": "Eins\nZwei",
        "fra/n.txt": "Un\nDeux\n",
    }
    folder = write(tmp_path, files)
    assert read_parallel(folder).frame.rows() == [
        ("deu", "eng", "Eins", "One"),
        ("deu", "eng", "Zwei", "Two"),
        ("deu", "fra", "Eins", "Un"),
        ("deu", "fra", "Zwei", "Deux"),
        ("eng", "fra", "One", "Un"),
        ("eng", "fra", "Two", "Deux"),
    ]
    pivoted = read_parallel(folder, pivot="eng").frame
    assert pivoted["source"].to_list() == ["One", "Two"] * 2
    assert pivoted["target"].to_list() == ["Eins", "Zwei", "Un", "Deux"]


def test_a_blank_line_is_named_or_leaves_out_its_pairs_alone(tmp_path: Path) -> None:
    folder = write(
        tmp_path, {"deu.txt": "Eins\n\n", "eng.txt": "One\nTwo\n", "fra.txt": "Un\nDeux"}
    )
    with pytest.raises(UnreadableData, match=r"deu\.txt:2: expected a text on each line"):
        read_parallel(folder)
    problems = Problems(skip=True)
    pairs = read_parallel(folder, problems=problems).frame
    assert problems.skipped == 1
    assert pairs.filter(pl.col("source_language") == "eng").height == 2
    assert pairs.filter(pl.col("source_language") == "deu")["target"].to_list() == ["One", "Un"]


@pytest.mark.parametrize(
    ("files", "pivot", "said"),
    [
        (
            {"a.deu.txt": "x\ny\nz\n", "a.eng.txt": "x\ny\n"},
            None,
            r"a\.eng\.txt has 2 lines, .*a\.deu\.txt 3; expected as many",
        ),
        ({"deu.txt": "x\n"}, None, r"expected two languages, found deu"),
        ({"deu.txt": "x\n", "eng.txt": "x\n"}, "fra", r"expected fra and other .*found deu, eng"),
        ({"readme.txt": "x\n"}, None, r"expected files such as eng\.txt, .* found none"),
        (
            {"a.jsonl": '{"src": "x"}\n'},
            None,
            r"a\.jsonl: expected a column src_lang or .*found src",
        ),
        (
            {"eng_Latn-ron_Latn.jsonl": '{"src": "x", "tgt": "y"}\n{"src": "x", "tgt": ""}\n'},
            None,
            r"jsonl:2: expected values of source_language, .* found an empty cell",
        ),
    ],
)
def test_pairs_that_cannot_be_are_named(
    tmp_path: Path, files: dict[str, str], pivot: str | None, said: str
) -> None:
    with pytest.raises(UnreadableData, match=said):
        read_parallel(write(tmp_path, files), pivot)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"text": ["Hello"]}, r"a\.parquet: expected a column language or lang, found text"),
        ({"language": ["eng"]}, r"a\.parquet: expected a column text, found language"),
        ({"text": ["x", None], "lang": ["eng"] * 2}, r": row 2: expected values of language, text"),
        ({"text": ["x", "y"], "lang": ["eng", " "]}, r": row 2: expected values of language, text"),
    ],
)
def test_texts_that_cannot_be_are_named(
    tmp_path: Path, columns: dict[str, list[str | None]], said: str
) -> None:
    with pytest.raises(UnreadableData, match=said):
        read_texts(parquet(tmp_path / "a.parquet", columns))


def test_a_text_of_another_type_or_in_another_file_is_named(tmp_path: Path) -> None:
    pl.DataFrame({"text": [1], "lang": ["eng"]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(UnreadableData, match=r"a\.parquet: expected texts in text, found Int64"):
        read_texts(tmp_path)
    write(tmp_path, {"b.parquet": "text"})
    with pytest.raises(UnreadableData, match=r"b\.parquet: expected a Parquet file: "):
        read_texts(tmp_path / "b.parquet")
    with pytest.raises(UnreadableData, match=r"nowhere cannot be read: "):
        read_texts(tmp_path / "nowhere")


def test_bad_rows_are_left_out_where_they_may_be(tmp_path: Path) -> None:
    problems = Problems(skip=True)
    columns: dict[str, list[str | None]] = {"text": ["x", None, "y"], "lang": ["eng"] * 3}
    texts = read_texts(parquet(tmp_path / "a.parquet", columns), problems)
    assert texts.frame["text"].to_list() == ["x", "y"]
    assert problems.skipped == 1


def test_ntrex_is_parallel_in_every_language() -> None:
    folder = sample("ntrex-128")
    assert len(read_texts(folder)) == 30 * 1_380
    pairs = read_parallel(folder, pivot="eng")
    assert len(pairs) == 29 * 1_380
    assert set(pairs.frame["source_language"]) == {"eng"}
    assert "zho-CN" in set(pairs.frame["target_language"])
    assert len(read_parallel(folder)) == 30 * 29 // 2 * 1_380
