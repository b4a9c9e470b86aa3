"""Cutting the student out: with everything it is its teacher, with less it keeps what matters."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertModel

from tests.unit.training.distillation.conftest import LINES
from training.distillation.settings import Student
from training.distillation.student import Batch, cut
from training.encoders.folder import read_folder
from training.encoders.huggingface import load_encoder
from training.encoders.sentence_encoder import SentenceEncoder, padded
from training.errors import UnusableEncoder
from training.export.four_bit import packed_exactly

WHOLE = Student(layers=(0, 1, 2), feed_forward=128, positions=80, max_tokens=20)
DIMENSION = 64
NEAR = 1e-4
"""Other matrices may be summed in another order."""


def smaller(**changes: object) -> Student:
    return Student.model_validate(WHOLE.model_dump() | changes)


@pytest.fixture
def teacher(tiny_e5: Path) -> SentenceEncoder:
    return load_encoder(read_folder(tiny_e5), "mean")


@pytest.fixture(scope="module")
def ids(unigram: Tokenizer) -> list[list[int]]:
    return [text.ids[:20] for text in unigram.encode_batch(LINES[:40])]


@pytest.fixture(scope="module")
def texts(ids: list[list[int]]) -> list[Batch]:
    device = torch.device("cpu")
    return [padded(ids[:20], device), padded(ids[20:], device)]


def vectors(encoder: SentenceEncoder, texts: list[Batch]) -> Tensor:
    with torch.inference_mode():
        return torch.cat([encoder(*batch) for batch in texts])


def test_with_every_piece_layer_and_neuron_it_is_its_teacher(
    teacher: SentenceEncoder, texts: list[Batch]
) -> None:
    student = cut(teacher, range(3000), WHOLE, DIMENSION, texts)
    expected = vectors(teacher, texts)
    assert (vectors(student.eval(), texts) - expected).abs().max() < NEAR
    assert (vectors(student.train(), texts) - expected).abs().max() < NEAR


def test_kept_pieces_mean_the_same_under_their_new_ids(
    teacher: SentenceEncoder, ids: list[list[int]], texts: list[Batch]
) -> None:
    kept = sorted({piece for text in ids for piece in text} | set(range(0, 3000, 7)))
    new = {old: number for number, old in enumerate(kept)}
    renamed = [padded([[new[piece] for piece in text] for text in ids], torch.device("cpu"))]
    student = cut(teacher, kept, WHOLE, DIMENSION, texts).eval()
    assert (vectors(student, renamed) - vectors(teacher, texts)).abs().max() < NEAR


def test_fewer_of_everything_are_smaller_and_still_the_teachers(
    teacher: SentenceEncoder, texts: list[Batch]
) -> None:
    kept = [0, 1, 2, 3, *range(10, 2000, 2)]
    student = cut(teacher, kept, smaller(layers=(0, 2), feed_forward=48), 96, texts)
    shapes = {name: tuple(weights.shape) for name, weights in student.state_dict().items()}
    layer = "transformer.encoder.layer.{}.{}.weight"
    assert shapes["transformer.embeddings.word_embeddings.weight"] == (len(kept), 64)
    assert shapes[layer.format(1, "intermediate.dense")] == (48, 64)
    assert shapes[layer.format(1, "output.dense")] == (64, 48)
    assert layer.format(2, "output.dense") not in shapes
    assert shapes["dense.0.weight"] == (96, 64)
    mine, theirs = student.state_dict(), teacher.state_dict()
    query = "attention.self.query"
    assert torch.equal(mine[layer.format(1, query)], theirs[layer.format(2, query)])


def test_the_embedding_table_is_the_teachers_stays_on_its_grid_and_does_not_learn(
    teacher: SentenceEncoder, bert: BertModel, texts: list[Batch]
) -> None:
    kept = list(range(0, 3000, 3))
    student = cut(teacher, kept, WHOLE, DIMENSION, texts)
    frozen = {name for name, weights in student.named_parameters() if not weights.requires_grad}
    assert frozen == {"transformer.embeddings.word_embeddings.weight"}
    table = student.state_dict()["transformer.embeddings.word_embeddings.weight"].numpy()
    assert np.array_equal(table, bert.embeddings.word_embeddings.weight.detach()[kept].numpy())
    assert packed_exactly(table) is not None


def test_the_neurons_stay_that_move_their_layers_output(
    teacher: SentenceEncoder, texts: list[Batch]
) -> None:
    """Of 128 neurons two are both active and read; one is only active, one only read."""
    weights = dict(teacher.transformer.named_parameters(prefix="of"))
    up, bias, down = (
        weights[f"of.encoder.layer.1.{name}"]
        for name in ("intermediate.dense.weight", "intermediate.dense.bias", "output.dense.weight")
    )
    with torch.no_grad():
        for some in (up, bias, down):
            some.zero_()
        bias[[11, 29, 30, 90]] = torch.tensor([1.0, 50.0, -50.0, 2.0])
        down[:, [11, 29, 30, 90]] = torch.tensor([0.5, 0.0, 9.0, 0.3])
    every, two = (
        cut(teacher, range(3000), smaller(layers=(1,), feed_forward=count), DIMENSION, texts)
        for count in (128, 2)
    )
    kept = two.state_dict()["transformer.encoder.layer.0.intermediate.dense.bias"]
    assert kept.tolist() == [1.0, 2.0]
    assert (vectors(two, texts) - vectors(every, texts)).abs().max() < NEAR


def test_the_teacher_is_left_as_it_was(teacher: SentenceEncoder, texts: list[Batch]) -> None:
    before = {name: weights.clone() for name, weights in teacher.state_dict().items()}
    expected = vectors(teacher, texts)
    cut(teacher, range(100), smaller(layers=(0,), feed_forward=5), DIMENSION, texts)
    assert all(torch.equal(weights, before[name]) for name, weights in teacher.state_dict().items())
    assert torch.equal(vectors(teacher, texts), expected)
    assert not any(module._forward_hooks for module in teacher.modules())


@pytest.mark.parametrize(
    ("settings", "kept", "message"),
    [
        (smaller(layers=(0, 3)), range(9), "the teacher has 3 layers, from 0 on"),
        (smaller(feed_forward=129), range(9), "the teacher has 128 neurons in a layer"),
        (smaller(positions=81), range(9), "the teacher has 80 positions"),
        (WHOLE, range(3001), "the teacher has vectors of 3000 pieces alone"),
    ],
    ids=["layers", "neurons", "positions", "pieces"],
)
def test_more_than_the_teacher_has_is_refused(
    teacher: SentenceEncoder, texts: list[Batch], settings: Student, kept: range, message: str
) -> None:
    with pytest.raises(UnusableEncoder, match=message):
        cut(teacher, kept, settings, DIMENSION, texts)


def test_another_architecture_is_refused(tiny_xlm_roberta: Path, texts: list[Batch]) -> None:
    other = load_encoder(read_folder(tiny_xlm_roberta), "mean")
    with pytest.raises(UnusableEncoder, match="out of a BERT, not of XLMRobertaModel"):
        cut(other, range(9), WHOLE, DIMENSION, texts)
