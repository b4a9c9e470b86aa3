"""What is to be learned: topics without style, translations drawn together, two teachers."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from training.corpus.passage import Passage
from training.distillation.settings import Targets
from training.distillation.targets import FEWEST, Learned, targets, unit
from training.errors import BadRecipe, UnusableEncoder

Float16 = NDArray[np.float16]
HALF = 2**-0.5
PLAIN = Targets(second=0, dimension=2, translations=False, by_kind=False)


def vectors(*rows: Sequence[float]) -> Float16:
    return np.array(rows, np.float16)


def learned(passages: Sequence[Passage], first_ND: Float16, settings: Targets) -> Learned:
    return targets(passages, first_ND, np.zeros_like(first_ND), settings)


def line(language: str, key: str | None = None, kind: str = "headline") -> Passage:
    return Passage(kind, language, "A line", key)


def random(rows: int, dimensions: int, seed: int = 1) -> Float16:
    return np.random.default_rng(seed).normal(size=(rows, dimensions)).astype(np.float16)


def test_without_kinds_a_topic_is_a_vector_minus_the_mean_of_all() -> None:
    passages = [line("en"), line("de"), line("en")]
    given = learned(passages, vectors((4, 1), (1, 5), (1, 0)), PLAIN)  # mean (2, 2)
    expected = unit(np.array([[2, -1], [-1, 3], [-1, -2]], np.float32))
    assert np.allclose(given.joint_NJ, np.hstack([expected, 0 * expected]), atol=1e-3)


def test_a_topic_is_a_vector_minus_the_mean_of_its_kind_and_language() -> None:
    """Headlines stand around (2, 1), sentences around (−5, 3), German headlines around (0, 9)."""
    around = {("headline", "en"): (2, 1), ("sentence", "en"): (-5, 3), ("headline", "de"): (0, 9)}
    topic = [(3, 0), (-3, 0), (0, 2), (0, -2)] * (FEWEST // 4 + 1)
    passages = [line(language, None, kind) for kind, language in around for _ in topic]
    first = vectors(*((x + a, y + b) for x, y in around.values() for a, b in topic))
    given = learned(passages, first, PLAIN.model_copy(update={"by_kind": True}))
    expected = np.tile(unit(np.array(topic, np.float32)), (3, 1))
    assert np.allclose(given.joint_NJ[:, :2], expected, atol=1e-3)


def test_a_kind_of_few_texts_is_taken_relative_to_its_language() -> None:
    few = FEWEST - 1
    passages = [*[line("en")] * FEWEST, *[line("en", None, "span")] * few, line("de")]
    first = random(len(passages), 2)
    given = learned(passages, first, PLAIN.model_copy(update={"by_kind": True}))
    exact = first.astype(np.float32)
    english = exact[:-1].mean(axis=0)
    expected = unit(
        np.vstack([exact[:FEWEST] - exact[:FEWEST].mean(axis=0), exact[FEWEST:-1] - english])
    )
    assert np.allclose(given.joint_NJ[:-1, :2], expected, atol=2e-3)
    assert (given.joint_NJ[-1] == 0).all()  # a language's only text is its mean


def test_a_translations_target_lies_halfway_to_its_originals() -> None:
    passages = [line("en", "a"), line("de", "a"), line("de", "b"), line("en")]
    first = vectors((1, 0), (0, 1), (0, -1), (-1, 0))  # mean 0
    halfway = PLAIN.model_copy(update={"translations": True})
    assert np.allclose(learned(passages, first, PLAIN).joint_NJ[:, :2], first, atol=1e-3)
    assert np.allclose(
        learned(passages, first, halfway).joint_NJ[:, :2],
        [(1, 0), (HALF, HALF), (0, -1), (-1, 0)],
        atol=1e-3,
    )


def test_both_teachers_stand_side_by_side_with_their_weights() -> None:
    passages = [line("en", "a"), line("de", "a"), line("en"), line("fr", "b")]
    first = vectors((1, 0), (0, 1), (-1, 0), (0, -1))
    second = vectors((3, 1), (9, 9), (1, 1), (7, 7))
    settings = PLAIN.model_copy(update={"second": 2.0, "dimension": 3})
    given = targets(passages, first, second, settings)
    # over the English alone the second teacher's mean is (2, 1)
    expected = np.array([(1, 0, 2, 0), (0, 1, 2, 0), (-1, 0, -2, 0), (0, -1, 0, 0)]) / 5**0.5
    assert np.allclose(given.joint_NJ, expected, atol=1e-3)
    assert given.whole_N.tolist() == [True, True, True, False]


def test_what_the_second_teacher_says_of_other_languages_is_not_read() -> None:
    passages = [line("en", "a"), line("de", "a"), line("fr")]
    first, second = random(3, 2), random(3, 2, seed=2)
    other = second.copy()
    other[1:] = np.nan
    settings = PLAIN.model_copy(update={"second": 1.0})
    one, two = (targets(passages, first, given, settings) for given in (second, other))
    assert np.array_equal(one.joint_NJ, two.joint_NJ)


@pytest.mark.parametrize("second", [0.0, 0.5, 1.0])
def test_whole_targets_have_length_one_and_halves_what_is_known_of_them(second: float) -> None:
    languages, keys = ("en", "de", "fr"), ("a", "b", None)
    passages = [line(language, key) for language in languages for key in keys] * 20
    settings = Targets(second=second, dimension=5)
    given = targets(passages, random(180, 4), random(180, 4, seed=2), settings)
    assert given.joint_NJ.dtype == np.float16
    lengths_N = np.linalg.norm(given.joint_NJ.astype(np.float32), axis=1)
    known_N = np.where(given.whole_N, 1, (1 + second**2) ** -0.5)
    assert given.whole_N.tolist() == [p.language == "en" or p.key is not None for p in passages]
    assert np.allclose(lengths_N, known_N, atol=2e-3)


@pytest.mark.parametrize("dimension", [1, 3, 8])
def test_the_basis_is_orthonormal_and_holds_more_the_larger_it_is(dimension: int) -> None:
    passages = [line("en")] * 60
    settings = Targets(dimension=dimension)
    given = targets(passages, random(60, 4), random(60, 4, seed=2), settings)
    basis_JS = given.basis_JS
    assert basis_JS.shape == (8, dimension)
    assert np.allclose(basis_JS.T @ basis_JS, np.eye(dimension), atol=1e-6)
    joint_NJ = given.joint_NJ.astype(np.float32)
    held = np.square(joint_NJ @ basis_JS).sum() / np.square(joint_NJ).sum()
    assert given.explained == pytest.approx(held, abs=1e-3)
    if dimension == 8:
        assert given.explained == pytest.approx(1)


def test_targets_in_a_plane_need_no_more_than_two_dimensions() -> None:
    plane = random(2, 6).astype(np.float32)
    first = (random(80, 2, seed=4).astype(np.float32) @ plane).astype(np.float16)
    given = learned([line("en")] * 80, first, PLAIN)
    assert given.explained == pytest.approx(1, abs=1e-4)
    joint_NJ = given.joint_NJ.astype(np.float32)
    assert np.allclose(joint_NJ @ given.basis_JS @ given.basis_JS.T, joint_NJ, atol=5e-3)


def test_teachers_of_different_dimensions_are_refused() -> None:
    with pytest.raises(UnusableEncoder, match="the teachers have 4 and 3 dimensions"):
        targets([line("en")] * 5, random(5, 4), random(5, 3), PLAIN)


def test_more_dimensions_than_the_targets_have_are_refused() -> None:
    with pytest.raises(BadRecipe, match=r"targets\.dimension: the targets have 8 dimensions"):
        targets([line("en")] * 5, random(5, 4), random(5, 4), Targets(dimension=9))
