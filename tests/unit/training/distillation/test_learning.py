"""The student learns: each text once an epoch, to the same end however often it is cut off."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import normalize
from transformers import BertModel

from tests.unit.training.distillation.conftest import LINES
from tests.unit.training.post_training.tiny_pairs import cut_off
from training.course.course import LOG
from training.distillation.learning import learn as learned_from
from training.distillation.lesson import SORTED_BATCHES, epoch_batches
from training.distillation.settings import Learning, Student
from training.distillation.student import cut
from training.distillation.targets import Learned
from training.encoders.sentence_encoder import SentenceEncoder, padded
from training.errors import BadRecipe, Diverged


@dataclass(frozen=True, eq=False)
class Lesson:
    """What is taught."""

    ids: list[list[int]]
    targets: Learned


TEXTS, STEPS = 60, 4
"""So many steps has an epoch over the texts, in batches of 16."""
SETTINGS = Learning(epochs=3, batch_size=16, learning_rate=3e-3, warm_up=3, relational=2)
CPU = torch.device("cpu")
SEED = 5


@pytest.fixture(scope="module")
def ids(unigram: Tokenizer) -> list[list[int]]:
    return [text.ids[:16] for text in unigram.encode_batch(LINES[:TEXTS])]


@pytest.fixture
def student(bert: BertModel, ids: list[list[int]]) -> SentenceEncoder:
    return student_of(bert, ids)


def student_of(
    bert: BertModel, ids: list[list[int]], layers: tuple[int, ...] = (0, 2)
) -> SentenceEncoder:
    settings = Student(layers=layers, feed_forward=32, positions=16, max_tokens=16)
    teacher = SentenceEncoder(bert, "mean")
    return cut(teacher, range(3000), settings, 24, [padded(ids, CPU)])


@pytest.fixture(scope="module")
def lesson(bert: BertModel, ids: list[list[int]]) -> Lesson:
    """What the whole teacher says of the texts, as 32 numbers in 24 dimensions; of every fourth
    text but half of it.
    """
    random = torch.Generator().manual_seed(1)
    basis_JS, _ = torch.linalg.qr(torch.randn(32, 24, generator=random))
    with torch.inference_mode():
        vectors = SentenceEncoder(bert, "mean")(*padded(ids, CPU))
        topics = vectors - vectors.mean(dim=0)
        joint_NJ = normalize(topics @ torch.randn(64, 24, generator=random) @ basis_JS.T).numpy()
    whole_N = np.arange(TEXTS) % 4 != 0
    joint_NJ[~whole_N, 16:] = 0
    return Lesson(ids, Learned(joint_NJ.astype(np.float16), whole_N, basis_JS.numpy(), 1.0))


def learn(
    student: SentenceEncoder, lesson: Lesson, settings: Learning, seed: int, folder: Path
) -> None:
    learned_from(student, lesson.ids, lesson.targets, settings, seed, folder)


def weights(student: SentenceEncoder) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in student.state_dict().items()}


def check_equal(one: SentenceEncoder, other: SentenceEncoder) -> None:
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())


def losses(folder: Path) -> list[float]:
    """Each epoch's."""
    lines = [json.loads(line) for line in (folder / LOG).read_text("utf-8").splitlines()]
    return [line["mean_loss"] for line in lines if "mean_loss" in line]


@given(st.lists(st.integers(1, 9), max_size=300), st.integers(2, 5), st.integers(0, 99))
def test_an_epoch_holds_each_row_once_and_its_seed_decides_the_order(
    lengths: list[int], batch_size: int, seed: int
) -> None:
    ids = [[7] * length for length in lengths]
    batches = list(epoch_batches(ids, batch_size, Random(seed)))
    assert sorted(row for rows in batches for row in rows) == list(range(len(ids)))
    assert all(0 < len(rows) <= batch_size for rows in batches)
    assert len(batches) == -(-len(ids) // batch_size)
    assert batches == list(epoch_batches(ids, batch_size, Random(seed)))


def test_a_batch_holds_texts_of_about_equal_length_and_another_seed_others() -> None:
    ids = [[7] * (1 + number % 50) for number in range(8 * SORTED_BATCHES)]
    batches = list(epoch_batches(ids, 8, Random(1)))
    assert all(max(len(ids[r]) for r in b) - min(len(ids[r]) for r in b) <= 1 for b in batches)
    assert [len(ids[rows[0]]) for rows in batches] != sorted(len(ids[rows[0]]) for rows in batches)
    assert batches != list(epoch_batches(ids, 8, Random(2)))


def test_texts_are_padded_on_the_right_with_what_the_mask_hides() -> None:
    ids_BT, mask_BT = padded([[5, 6, 7], [8]], CPU)
    assert ids_BT.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask_BT.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_the_loss_falls(student: SentenceEncoder, lesson: Lesson, tmp_path: Path) -> None:
    learn(student, lesson, SETTINGS.model_copy(update={"epochs": 8}), SEED, tmp_path)
    found = losses(tmp_path)
    assert len(found) == 8
    assert found[-1] < found[0] / 2


def test_the_embedding_table_stays_as_it_is(
    student: SentenceEncoder, lesson: Lesson, tmp_path: Path
) -> None:
    before = weights(student)
    learn(student, lesson, SETTINGS, SEED, tmp_path)
    changed = {name for name, tensor in weights(student).items() if (tensor != before[name]).any()}
    learned = {name for name, parameter in student.named_parameters() if parameter.requires_grad}
    assert changed == learned
    assert not student.training


def test_the_head_begins_where_least_squares_puts_it(
    student: SentenceEncoder, ids: list[list[int]], tmp_path: Path
) -> None:
    """Targets that are a linear function of what the student pools are hit before it learns."""
    with torch.inference_mode():
        batch = padded(ids, CPU)
        pooled = student(*batch)[:, :4]  # the first coordinates: the head is the identity
        wanted = normalize(torch.cat([pooled, pooled], dim=1) + 1)
    basis_JS = np.eye(8, 24, dtype=np.float32)
    known = Learned(wanted.numpy().astype(np.float16), np.ones(TEXTS, np.bool_), basis_JS, 1.0)
    still = SETTINGS.model_copy(update={"epochs": 1, "learning_rate": 1e-12})
    learn(student, Lesson(ids, known), still, SEED, tmp_path)
    with torch.inference_mode():
        answers = student(*batch) @ torch.from_numpy(basis_JS).T
    assert torch.nn.functional.cosine_similarity(answers, wanted).min() > 0.99
    assert weights(student)["dense.0.bias"].abs().max() > 1e-3


@pytest.mark.parametrize("last", [STEPS, 1 + 2 * STEPS])
def test_a_run_that_is_cut_off_goes_on_to_the_same_end(
    bert: BertModel,
    ids: list[list[int]],
    lesson: Lesson,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    last: int,
) -> None:
    whole, stopped, resumed = (student_of(bert, ids) for _ in range(3))
    learn(whole, lesson, SETTINGS, SEED, tmp_path / "whole")
    with monkeypatch.context() as patch:
        cut_off(patch, last)
        with pytest.raises(KeyboardInterrupt):
            learn(stopped, lesson, SETTINGS, SEED, tmp_path / "cut off")
    learn(resumed, lesson, SETTINGS, SEED, tmp_path / "cut off")
    check_equal(whole, resumed)
    assert losses(tmp_path / "whole") == losses(tmp_path / "cut off")


def test_a_run_cut_off_before_its_first_epochs_end_begins_again(
    bert: BertModel,
    ids: list[list[int]],
    lesson: Lesson,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, again = (student_of(bert, ids) for _ in range(2))
    learn(whole, lesson, SETTINGS, SEED, tmp_path / "whole")
    with monkeypatch.context() as patch:
        cut_off(patch, STEPS - 2)
        with pytest.raises(KeyboardInterrupt):
            learn(student_of(bert, ids), lesson, SETTINGS, SEED, tmp_path / "cut off")
    assert not (tmp_path / "cut off" / "checkpoint").exists()
    learn(again, lesson, SETTINGS, SEED, tmp_path / "cut off")
    check_equal(whole, again)


def test_a_run_that_ended_is_found_again(
    bert: BertModel,
    ids: list[list[int]],
    lesson: Lesson,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = (student_of(bert, ids) for _ in range(2))
    learn(first, lesson, SETTINGS, SEED, tmp_path)
    cut_off(monkeypatch, 0)
    learn(second, lesson, SETTINGS, SEED, tmp_path)
    check_equal(first, second)
    assert len(losses(tmp_path)) == SETTINGS.epochs


def test_a_run_keeps_the_basis_that_it_began_with(
    bert: BertModel,
    ids: list[list[int]],
    lesson: Lesson,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On another number of threads the same targets have a basis of other signs."""
    whole, resumed = (student_of(bert, ids) for _ in range(2))
    learn(whole, lesson, SETTINGS, SEED, tmp_path / "whole")
    with monkeypatch.context() as patch:
        cut_off(patch, STEPS + 1)
        with pytest.raises(KeyboardInterrupt):
            learn(student_of(bert, ids), lesson, SETTINGS, SEED, tmp_path / "cut off")
    other = replace(lesson, targets=replace(lesson.targets, basis_JS=-lesson.targets.basis_JS))
    learn(resumed, other, SETTINGS, SEED, tmp_path / "cut off")
    check_equal(whole, resumed)


def another_text(lesson: Lesson) -> Lesson:
    return replace(lesson, ids=[*lesson.ids[:-1], [*lesson.ids[-1][:-1], 9]])


def another_target(lesson: Lesson) -> Lesson:
    joint_NJ = lesson.targets.joint_NJ.copy()
    joint_NJ[3, 2] += np.float16(0.25)
    return replace(lesson, targets=replace(lesson.targets, joint_NJ=joint_NJ))


def test_another_runs_checkpoint_is_refused(
    bert: BertModel, ids: list[list[int]], student: SentenceEncoder, lesson: Lesson, tmp_path: Path
) -> None:
    learn(student, lesson, SETTINGS, SEED, tmp_path)
    faster = SETTINGS.model_copy(update={"learning_rate": 0.01})
    deeper = student_of(bert, ids, layers=(0, 1))
    for other in (
        (student_of(bert, ids), lesson, SETTINGS, SEED + 1),
        (student_of(bert, ids), lesson, faster, SEED),
        (student_of(bert, ids), another_text(lesson), SETTINGS, SEED),
        (student_of(bert, ids), another_target(lesson), SETTINGS, SEED),
        (deeper, lesson, SETTINGS, SEED),
    ):
        with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
            learn(*other, tmp_path)


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_nothing(
    student: SentenceEncoder, lesson: Lesson, tmp_path: Path
) -> None:
    wild = SETTINGS.model_copy(update={"learning_rate": 1e38, "warm_up": 1})
    with pytest.raises(Diverged, match="in step"):
        learn(student, lesson, wild, SEED, tmp_path)
    assert not (tmp_path / "checkpoint").exists()
