"""What is read and what is told under each objective."""

from collections import Counter
from random import Random

import pytest

from tests.unit.training.adaptation.conftest import PAIRS, SETTINGS, TEXTS, pairs_of, texts_of
from training.adaptation.examples import Example, examples
from training.adaptation.noise import WORD
from training.adaptation.settings import ObjectiveName
from training.data.polynews import ParallelTexts, Texts
from training.errors import BadRecipe

HERE = "one two three four five six seven eight"
THERE = "eins zwei drei vier fünf sechs sieben acht"


def drawn(objective: ObjectiveName, times: int = 1_200) -> list[Example]:
    """The first row's example, again and again."""
    settings = SETTINGS.model_copy(update={"objective": objective})
    found = examples(settings, texts_of(eng=[HERE]), pairs_of((HERE, THERE)))
    random = Random(4)
    return [found.draw(0, random) for _ in range(times)]


def test_dae_restores_a_text_from_what_is_left_of_it() -> None:
    some = drawn("dae")
    assert {example.told for example in some} == {HERE}
    assert len({example.read for example in some}) > 100
    left = [len(WORD.findall(example.read)) for example in some]
    assert min(left) >= 1
    assert sum(left) / len(left) == pytest.approx(0.4 * 8, abs=0.3)


def test_mt_tells_the_target_from_the_whole_source() -> None:
    assert set(drawn("mt", 5)) == {Example(HERE, THERE)}


def test_mt_reads_both_languages_of_a_pair() -> None:
    mt = SETTINGS.model_copy(update={"objective": "mt"})
    found = examples(mt, None, pairs_of((HERE, THERE), ("nine", "neun")))
    read = [found.draw(row, Random(4)) for row in range(len(found.languages))]
    back = [Example(THERE, HERE), Example("neun", "nine")]
    assert read == [Example(HERE, THERE), Example("nine", "neun"), *back]
    assert found.languages == ["eng-deu"] * 2 + ["deu-eng"] * 2


def test_dae_and_mt_take_the_four_ways_equally_often() -> None:
    def way(example: Example) -> str:
        if example.read in (HERE, THERE):
            return f"{example.read[:3]} to {example.told[:3]}"
        words = set(example.read.split())
        assert words <= set(example.told.split())
        return f"noise to {example.told[:3]}"

    counts = Counter(map(way, drawn("dae+mt")))
    assert set(counts) == {"one to ein", "ein to one", "noise to one", "noise to ein"}
    assert all(abs(count - 300) < 5 * (1_200 * 3 / 16) ** 0.5 for count in counts.values())


def test_each_row_has_its_language_and_a_pair_has_both() -> None:
    dae = examples(SETTINGS, TEXTS, None)
    assert dae.languages == ["eng"] * 20 + ["deu"] * 10
    mt = examples(SETTINGS.model_copy(update={"objective": "mt"}), None, PAIRS)
    assert mt.languages == ["eng-deu"] * 10 + ["deu-eng"] * 10


def test_other_texts_have_another_digest() -> None:
    digests = {
        examples(SETTINGS, texts, None).digest()
        for texts in (
            texts_of(eng=["a", "b"]),
            texts_of(eng=["a"], deu=["b"]),
            texts_of(eng=["ab"]),
        )
    }
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("objective", "texts", "pairs", "said"),
    [
        ("dae", None, PAIRS, "objective dae needs texts"),
        ("dae", TEXTS.__class__(TEXTS.frame.clear()), None, "objective dae needs texts"),
        ("mt", TEXTS, None, "objective mt needs pairs"),
        ("dae+mt", TEXTS, PAIRS.__class__(PAIRS.frame.clear()), r"objective dae\+mt needs pairs"),
    ],
)
def test_an_objective_without_what_it_learns_from_is_refused(
    objective: ObjectiveName, texts: Texts | None, pairs: ParallelTexts | None, said: str
) -> None:
    settings = SETTINGS.model_copy(update={"objective": objective})
    with pytest.raises(BadRecipe, match=said):
        examples(settings, texts, pairs)
