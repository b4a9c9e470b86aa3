"""Static vectors learned from texts: what is counted, the formula, and the file."""

import sys
from pathlib import Path

import numpy as np
import pytest

from training.cli import main
from training.encoders.ppmi import Pairs, factorised, learn_words, pairs, ppmi
from training.encoders.words import read_words
from training.errors import BadRecipe
from training.export.sample_texts import SAMPLE_TITLES


def counted(found: Pairs, words: list[str]) -> dict[tuple[str, str], float]:
    cells = zip(found.row_P, found.column_P, found.count_P, strict=True)
    return {(words[row], words[column]): count for row, column, count in cells}


def test_words_are_near_within_a_window_of_their_own_text() -> None:
    words = ["a", "b", "c"]
    found = counted(pairs(["a b x c", "c a"], words, window=2), words)
    assert found == {
        ("a", "b"): 1,
        ("b", "a"): 1,
        ("b", "c"): 1,  # with x between, which is no word of ours
        ("c", "b"): 1,
        ("c", "a"): 1,
        ("a", "c"): 1,
    }


def test_ppmi_as_computed_by_hand() -> None:
    rows, columns, counts = zip((0, 1, 3), (1, 0, 3), (0, 2, 1), (2, 0, 1), strict=True)
    found = Pairs(np.array(rows), np.array(columns), np.array(counts, np.float64))
    of_word = np.array([4.0, 3.0, 1.0])
    context = of_word**0.75 / (of_word**0.75).sum()
    ratio = [3 / (4 * context[1]), 3 / (3 * context[0]), 1 / (4 * context[2]), 1 / context[0]]
    expected = np.maximum(0, np.log(ratio))
    assert ppmi(found, 3) == pytest.approx(expected)
    assert (expected > 0).any()


def test_a_pair_that_meets_less_often_than_by_chance_counts_nothing() -> None:
    met = [(0, 0, 90.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 90.0)]
    rows, columns, counts = (np.array(part) for part in zip(*met, strict=True))
    found = ppmi(Pairs(rows, columns, counts), 2)
    assert (found > 0).tolist() == [True, False, False, True]


def test_vectors_are_the_matrix_factorised() -> None:
    rng = np.random.default_rng(1)
    dense_VV = rng.random((12, 12))
    dense_VV += dense_VV.T
    rows, columns = np.indices((12, 12)).reshape(2, -1)
    found = Pairs(rows, columns, np.ones(144))
    vectors_VD = factorised(found, dense_VV.ravel(), 12, 12, seed=3).astype(np.float64)
    square_VV = vectors_VD @ vectors_VD.T  # U Σ Uᵀ, whose square is M Mᵀ
    assert square_VV @ square_VV == pytest.approx(dense_VV @ dense_VV.T, rel=1e-3)
    again_VD = factorised(found, dense_VV.ravel(), 12, 12, seed=3)
    assert np.array_equal(again_VD, vectors_VD.astype(np.float32))


def test_words_of_like_company_have_like_vectors() -> None:
    texts = [
        f"{animal} {verb} in the garden" for animal in ("cat", "dog") for verb in ("sat", "ran")
    ]
    texts += [
        f"{metal} {verb} on the market" for metal in ("gold", "zinc") for verb in ("rose", "fell")
    ]
    words, vectors_VD = learn_words(texts * 3, 4, seed=1)
    unit_VD = vectors_VD / np.linalg.norm(vectors_VD, axis=1, keepdims=True)
    of = dict(zip(words, unit_VD, strict=True))
    assert of["cat"] @ of["dog"] > 0.9
    assert of["cat"] @ of["gold"] < 0.5


def test_too_few_words_are_refused() -> None:
    with pytest.raises(BadRecipe, match="2 words stand 2 times in the texts, too few for 3"):
        learn_words(["a b", "a b c"], 3, seed=1)


def test_the_command_writes_a_file_that_recipes_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    titles, out = tmp_path / "titles.txt", tmp_path / "vectors.txt"
    titles.write_text("\n".join(SAMPLE_TITLES) + "\n", encoding="utf-8")
    arguments = ["vectors", str(titles), "--out", str(out), "--dimension", "12"]
    monkeypatch.setattr(sys, "argv", ["newsstand-train", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    assert f"{out} holds" in capsys.readouterr().out
    expected, vectors_VD = learn_words(SAMPLE_TITLES, 12, seed=42)
    words = read_words(out, expected, 12, seed=1)
    assert words.found == len(expected)
    assert words.vectors_VD[2:] == pytest.approx(vectors_VD, abs=1e-5)


def test_a_place_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    titles = tmp_path / "titles.txt"
    titles.write_text("\n".join(SAMPLE_TITLES[:40]) + "\n", encoding="utf-8")
    arguments = [
        "vectors",
        str(titles),
        "--out",
        str(tmp_path / "no" / "v.txt"),
        "--dimension",
        "2",
    ]
    monkeypatch.setattr(sys, "argv", ["newsstand-train", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert "v.txt cannot be written" in capsys.readouterr().err
