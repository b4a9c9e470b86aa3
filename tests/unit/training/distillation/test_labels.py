"""What the teachers say: asked once, and asked anew for anything else."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertModel

from model_store.artefact import Artefact
from tests.unit.training.distillation.conftest import LINES
from training.distillation.distil import PREFIX
from training.distillation.labels import label, teacher
from training.encoders.sentence_encoder import SentenceEncoder, padded
from training.errors import UnusableEncoder

TEXTS = LINES[:30]


def test_a_label_is_the_teachers_vector_as_it_pools_it(
    first_teacher: Artefact, bert: BertModel, unigram: Tokenizer, tmp_path: Path
) -> None:
    vectors_ND = label(first_teacher, TEXTS, tmp_path)
    ids = [text.ids for text in unigram.encode_batch([PREFIX + text for text in TEXTS])]
    with torch.inference_mode():
        expected = SentenceEncoder(bert, "mean")(*padded(ids, torch.device("cpu"))).numpy()
    assert vectors_ND.dtype == np.float16
    assert vectors_ND.shape == (len(TEXTS), 64)
    cosines = (vectors_ND * expected).sum(1) / np.linalg.norm(expected, axis=1)
    assert (cosines / np.linalg.norm(vectors_ND.astype(np.float32), axis=1) > 0.99).all()
    lengths = np.linalg.norm(vectors_ND.astype(np.float32), axis=1)
    assert np.allclose(lengths, np.linalg.norm(expected, axis=1), rtol=0.05)


def test_a_teacher_is_asked_once_and_then_read_from_disk(
    first_teacher: Artefact, tmp_path: Path
) -> None:
    vectors_ND = label(first_teacher, TEXTS, tmp_path)
    (file,) = tmp_path.iterdir()
    assert np.array_equal(label(first_teacher, TEXTS, tmp_path), vectors_ND)
    np.save(file, vectors_ND + 1)
    assert np.array_equal(label(first_teacher, TEXTS, tmp_path), vectors_ND + 1)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "texts",
    [TEXTS[:-1], TEXTS[::-1], [*TEXTS[:-1], "Another line"], [TEXTS[0] + TEXTS[1], *TEXTS[2:]]],
    ids=["fewer", "another order", "another text", "two in one"],
)
def test_of_other_texts_it_is_asked_anew(
    first_teacher: Artefact, tmp_path: Path, texts: list[str]
) -> None:
    label(first_teacher, TEXTS, tmp_path)
    (file,) = tmp_path.iterdir()
    np.save(file, np.zeros((1, 1), np.float16))
    vectors_ND = label(first_teacher, texts, tmp_path)
    assert vectors_ND.shape == (len(texts), 64)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_that_was_not_finished_is_not_read(first_teacher: Artefact, tmp_path: Path) -> None:
    label(first_teacher, TEXTS, tmp_path)
    (file,) = tmp_path.iterdir()
    file.rename(file.with_suffix(".part.npy"))
    label(first_teacher, TEXTS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_teacher_is_made_once(first_teacher: Artefact, tiny_e5: Path, work: Path) -> None:
    again = teacher(tiny_e5, work / "teachers", "first", PREFIX)
    assert again.folder == first_teacher.folder
    assert again.manifest == first_teacher.manifest
    assert not again.manifest.normalised
    assert again.manifest.text.template == "query: {title}"


def test_another_folder_is_another_teacher(tiny_e5: Path, work: Path, tmp_path: Path) -> None:
    """It would be made anew, and cannot be: its configuration is damaged."""
    other = tmp_path / tiny_e5.name
    shutil.copytree(tiny_e5, other)
    (other / "config.json").write_text("{}")
    with pytest.raises(UnusableEncoder):
        teacher(other, work / "teachers", "first", PREFIX)


def test_a_folder_that_holds_no_encoder_is_no_teacher(tmp_path: Path) -> None:
    with pytest.raises(UnusableEncoder, match="is no Hugging Face folder"):
        teacher(tmp_path / "nothing", tmp_path / "teachers", "first")
