"""What the student is to learn, from what the teachers say.

A teacher's vector of a text is mostly about its language and style: sentences, headlines and
dictionary entries lie far apart, whatever they are about. So each vector is taken relative to the
mean of its kind and language, and what is left is the topic. A translation's target lies halfway
between its own vector and its original's, which draws languages together.

With a second teacher, which reads English alone, the target of a text in English, or translated
from it, is both vectors side by side, ``(a, w·b) / √(1 + w²)``. The student has fewer dimensions
than that: it learns coordinates in the subspace that holds most of them, and a text whose second
half nobody knows is compared in the first half alone.

Shapes: N passages, D dimensions of a teacher, J = 2D of both, S of the student.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.corpus.passage import Passage
from training.distillation.settings import Targets
from training.errors import BadRecipe, UnusableEncoder

Float32 = NDArray[np.float32]
Float16 = NDArray[np.float16]
Bools = NDArray[np.bool_]

FEWEST: Final = 50
"""A kind with fewer texts in a language has no mean of its own: the language's is taken."""
BASIS_TEXTS: Final = 60_000


@dataclass(frozen=True)
class Learned:
    """The targets of all passages."""

    joint_NJ: Float16
    whole_N: Bools
    """Where both halves are known."""
    basis_JS: Float32
    """Orthonormal: a student's vector (S,) times its transpose is compared with a target (J,)."""
    explained: float
    """The share of the targets' variance that lies in the basis."""


def targets(
    passages: Sequence[Passage], first_ND: Float16, second_ND: Float16, settings: Targets
) -> Learned:
    """The targets, from the first teacher's vectors of all passages, and from the second's of
    those in English (the others' rows are not read).

    Raises UnusableEncoder for teachers of different dimensions, BadRecipe for more dimensions
    than both have together.
    """
    check_dimensions(first_ND.shape[1], second_ND.shape[1], settings)
    english_N = np.array([passage.language == "en" for passage in passages])
    original_N = _originals(passages)
    topics_ND = _topics(first_ND.astype(np.float32), passages, settings.by_kind)
    english = np.flatnonzero(english_N)
    in_english = [passages[row] for row in english.tolist()]
    second = np.zeros(second_ND.shape, np.float32)
    second[english] = _topics(second_ND[english].astype(np.float32), in_english, settings.by_kind)
    translated = np.flatnonzero((original_N >= 0) & ~english_N)
    originals = original_N[translated]
    second[translated] = second[originals]
    if settings.translations:
        topics_ND[translated] = unit(topics_ND[translated] + topics_ND[originals])
    whole_N = english_N | (original_N >= 0)
    joint_NJ = np.concatenate([topics_ND, settings.second * second], axis=1)
    joint_NJ /= np.sqrt(1 + settings.second**2)
    basis_JS, explained = _basis(joint_NJ[whole_N], settings.dimension)
    return Learned(joint_NJ.astype(np.float16), whole_N, basis_JS, explained)


def check_dimensions(first: int, second: int, settings: Targets) -> None:
    """Before the teachers are asked. Raises as ``targets`` does."""
    if first != second:
        raise UnusableEncoder(
            f"the teachers have {first} and {second} dimensions: a target's halves are alike"
        )
    if settings.dimension > first + second:
        raise BadRecipe(f"targets.dimension: the targets have {first + second} dimensions")


def unit(vectors_ND: Float32) -> Float32:
    """The vectors at length 1."""
    lengths_N1 = np.linalg.norm(vectors_ND, axis=1, keepdims=True)
    scaled: Float32 = vectors_ND / np.maximum(lengths_N1, 1e-9)
    return scaled


def _originals(passages: Sequence[Passage]) -> NDArray[np.int64]:
    """The row of each passage's English version (N,), its own if it is that; −1 without one."""
    english = {p.key: row for row, p in enumerate(passages) if p.key and p.language == "en"}
    return np.array([english.get(p.key, -1) if p.key else -1 for p in passages], np.int64)


def _topics(vectors_ND: Float32, passages: Sequence[Passage], by_kind: bool) -> Float32:
    """Each vector minus the mean of its kind and language, at length 1."""
    if not by_kind:
        return unit(vectors_ND - vectors_ND.mean(axis=0))
    of_language, of_group = defaultdict(list), defaultdict(list)
    for row, passage in enumerate(passages):
        of_language[passage.language].append(row)
        of_group[passage.language, passage.kind].append(row)
    topics_ND = np.empty_like(vectors_ND)
    for (language, _), group in of_group.items():
        known = group if len(group) >= FEWEST else of_language[language]
        topics_ND[group] = vectors_ND[group] - vectors_ND[known].mean(axis=0)
    return unit(topics_ND)


def _basis(joint_NJ: Float32, dimension: int) -> tuple[Float32, float]:
    """The directions (J×S) that hold most of the targets, and how much of their squares."""
    step = max(1, len(joint_NJ) // BASIS_TEXTS)
    some_NJ = joint_NJ[::step].astype(np.float64)
    squares_J, directions_JJ = np.linalg.eigh(some_NJ.T @ some_NJ)
    basis_JS = np.ascontiguousarray(directions_JJ[:, ::-1][:, :dimension], np.float32)
    return basis_JS, float(squares_J[::-1][:dimension].sum() / squares_J.sum())
