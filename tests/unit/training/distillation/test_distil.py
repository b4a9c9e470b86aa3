"""A whole distillation, from two tiny teachers to an artefact that is served."""

import hashlib
import json
from pathlib import Path
from random import Random

import numpy as np
import onnx
import pytest

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.layout import news_encoder
from model_store.news_encoder import NewsEncoder
from model_store.store import ModelStore
from tests.unit.training.distillation.conftest import HEADLINES
from training.corpus.source import Source
from training.course.course import LOG
from training.distillation.distil import FREQUENCIES, Inputs, distil
from training.distillation.settings import Distillation
from training.errors import BadRecipe, NotWritable, UnusableEncoder

LANGUAGES = ("en", "ar", "de")
PASSAGES = [
    passage
    for passage in HEADLINES
    if passage.language in LANGUAGES and passage.key and int(passage.key.split(":")[1]) < 60
]
SOURCE = Source("ours", None, "Newsstand's own headlines", "Apache-2.0", lambda _: iter(PASSAGES))
SETTINGS = Distillation().changed(
    [
        "name=tiny-news",
        "corpus.crossings=60",
        "corpus.cased=20",
        'vocabulary={"pieces": 1200, "words": 0}',
        'student={"layers": [0, 2], "feed_forward": 48, "positions": 40, "max_tokens": 24}',
        "targets.dimension=48",
        'learning={"epochs": 2, "batch_size": 64, "warm_up": 4}',
    ]
)


@pytest.fixture(scope="module")
def inputs(tiny_e5: Path, tiny_bert: Path) -> Inputs:
    return Inputs(tiny_e5, tiny_bert, (), (SOURCE,))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def artefact(first_teacher: Artefact, inputs: Inputs, work: Path, store: Path) -> Artefact:
    """The first teacher is there already; the second is made."""
    return distil(inputs, SETTINGS, work, store)


def files(folder: Path) -> dict[Path, int]:
    """Everything in the folder, and when it was last written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_it_ends_in_an_artefact_of_int8_alone(artefact: Artefact, store: Path) -> None:
    found = ModelStore.at(store).load("tiny-news@1")
    assert found.manifest == artefact.manifest
    assert set(found.manifest.files) == {news_encoder("int8"), "tokenizer.json", "card.md"}
    assert set(found.manifest.parity) == {"int8"}
    assert found.manifest.best_precision("cpu") == "int8"


def test_its_encoder_runs_and_tells_texts_apart(artefact: Artefact) -> None:
    encoder = NewsEncoder(artefact, "int8", threads=1)
    vectors_ND = encoder.encode([NewsInputs(passage.text) for passage in PASSAGES])
    assert vectors_ND.shape == (len(PASSAGES), 48)
    assert np.allclose(np.linalg.norm(vectors_ND, axis=1), 1, atol=1e-5)
    assert np.linalg.norm(vectors_ND.mean(axis=0)) < 0.1  # centred
    assert len(np.unique(vectors_ND.round(3), axis=0)) > 0.9 * len(PASSAGES)


def test_the_vocabulary_and_the_table_are_small(artefact: Artefact) -> None:
    document = json.loads(artefact.path("tokenizer.json").read_text("utf-8"))
    pieces = len(document["model"]["vocab"])
    assert 1_000 <= pieces <= 1_200
    assert (document["truncation"], document["padding"]) == (None, None)
    graph = onnx.load(artefact.path(news_encoder("int8"))).graph
    (packed,) = (tensor for tensor in graph.initializer if tensor.name.endswith(".packed"))
    assert tuple(packed.dims) == (pieces, 32)


def test_its_manifest_says_what_it_was_made_of(artefact: Artefact) -> None:
    manifest = artefact.manifest
    assert manifest.languages == LANGUAGES
    assert (manifest.text.template, manifest.text.max_tokens) == ("{title}", 24)
    assert (manifest.dimension, manifest.normalised, manifest.pooling) == (48, True, "mean")
    lineage = manifest.lineage
    assert (lineage.recipe, lineage.seed) == ("distil", SETTINGS.seed)
    assert lineage.data["headline"] >= len(PASSAGES)
    settings = {**lineage.settings, "name": "tiny-news", "seed": lineage.seed}
    assert Distillation.validated(settings) == SETTINGS
    assert manifest.attribution.texts == f"{SOURCE.title}; {FREQUENCIES}"
    assert manifest.attribution.texts_license == (
        f"Newsstand's own headlines: Apache-2.0; {FREQUENCIES}: CC BY-SA 4.0"
    )


@pytest.mark.slow
def test_done_again_it_finds_all_that_took_its_time_and_makes_the_same(
    artefact: Artefact, inputs: Inputs, work: Path, store: Path
) -> None:
    before = files(work)
    again = distil(inputs, SETTINGS, work, store)
    assert again.manifest.reference == "tiny-news@2"
    assert files(work) == before
    assert len((work / "student" / LOG).read_text().splitlines()) == 2
    for name in (news_encoder("int8"), "tokenizer.json"):
        digests = {
            hashlib.sha256(found.path(name).read_bytes()).digest() for found in (artefact, again)
        }
        assert len(digests) == 1


def test_another_distillation_in_the_same_folder_is_refused(
    artefact: Artefact, inputs: Inputs, work: Path, store: Path
) -> None:
    asked = files(work / "labels")
    with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
        distil(inputs, SETTINGS.changed(["student.layers=[0, 1]"]), work, store)
    assert files(work / "labels") == asked


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("name=Not A Name", NotWritable),
        ("targets.dimension=129", BadRecipe),
        ("student.layers=[0, 9]", UnusableEncoder),
    ],
)
def test_what_cannot_be_is_refused_before_a_teacher_is_asked(
    artefact: Artefact,
    inputs: Inputs,
    work: Path,
    store: Path,
    change: str,
    error: type[Exception],
) -> None:
    asked = files(work / "labels")
    shuffled = Random(1).sample(PASSAGES, len(PASSAGES))
    other = Source("ours", None, "x", "x", lambda _: iter(shuffled))
    inputs = Inputs(inputs.first, inputs.second, (), (other,))
    with pytest.raises(error):
        distil(inputs, SETTINGS.changed([change]), work, store)
    assert files(work / "labels") == asked
