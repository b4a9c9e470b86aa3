"""From a folder to an artefact: what comes out is what torch computes, or nothing comes out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.manifest import Attribution, Lineage, Text
from model_store.news_encoder import NewsEncoder
from model_store.sessions import open_session
from model_store.store import ModelStore
from model_store.text import render
from model_store.tokens import NewsTokens, Tokenising, padded
from training.encoders.folder import read_folder
from training.encoders.huggingface import load_encoder, load_tokenizer
from training.errors import (
    BadTemplate,
    NotWritable,
    ParityRefused,
    TrainingError,
    UnreadableData,
    UnusableEncoder,
)
from training.export import int8
from training.export.artefact import export_artefact
from training.export.from_folder import Wishes, export_folder
from training.export.graph import CENTRE, INPUTS
from training.export.parity import check_company
from training.export.precisions import FP32_ALONE
from training.export.sample_texts import SAMPLE_TITLES
from training.export.trained_encoder import Provenance, TrainedEncoder
from training.export.vectors import in_onnx

Float32 = NDArray[np.float32]
TITLES = SAMPLE_TITLES[1:60:4]
SAMPLE_NEWS = [NewsInputs(title) for title in SAMPLE_TITLES]


def by_transformers(folder: Path, texts: Sequence[str], pooling: str) -> Float32:
    """Normalised vectors, one text at a time, without any code of ours."""
    model = AutoModel.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    vectors = []
    for text in texts:
        given = tokenizer(text, return_tensors="pt", truncation=True, max_length=64)
        given.pop("token_type_ids", None)
        with torch.inference_mode():
            states_TD = model(**given).last_hidden_state[0]
        vectors.append(
            {"cls": states_TD[0], "mean": states_TD.mean(0), "last_token": states_TD[-1]}[pooling]
        )
    unit = nn.functional.normalize(torch.stack(vectors), dim=-1)
    return np.asarray(unit.numpy())


def centre(artefact: Artefact, precision: str) -> Float32:
    graph = onnx.load(artefact.path(f"news_encoder.{precision}.onnx")).graph
    (found,) = (tensor for tensor in graph.initializer if tensor.name == CENTRE)
    return np.asarray(numpy_helper.to_array(found))


def unit(vectors_ND: Float32) -> Float32:
    return vectors_ND / np.linalg.norm(vectors_ND, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def bert_artefact(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    return export_folder(tiny_bert, tmp_path_factory.mktemp("store"), "tiny-bert")


@pytest.fixture(scope="module")
def xlm_roberta_artefact(
    tiny_xlm_roberta: Path, tmp_path_factory: pytest.TempPathFactory
) -> Artefact:
    wishes = Wishes(
        pooling="cls",
        prefix="query {1}: ",
        template="{title} - {abstract}",
        max_tokens=50,
        languages=("en", "de"),
        weights="Somebody",
        weights_license="mit",
    )
    return export_folder(tiny_xlm_roberta, tmp_path_factory.mktemp("store"), "tiny-xlm", wishes)


@pytest.fixture(scope="module")
def llama_artefact(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    return export_folder(tiny_llama, tmp_path_factory.mktemp("store"), "tiny-llama")


@pytest.mark.parametrize(
    ("encoder", "exported", "pooling"),
    [
        ("tiny_bert", "bert_artefact", "mean"),
        ("tiny_xlm_roberta", "xlm_roberta_artefact", "cls"),
        ("tiny_llama", "llama_artefact", "last_token"),
    ],
)
def test_the_files_give_what_transformers_gives(
    encoder: str, exported: str, pooling: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(encoder)
    artefact: Artefact = request.getfixturevalue(exported)
    assert artefact.manifest.pooling == pooling
    texts = [render(artefact.manifest.text.template, {"title": title}) for title in TITLES]
    expected_ND = by_transformers(folder, texts, pooling)
    news = [NewsInputs(text) for text in texts]
    exact_ND = NewsEncoder(artefact, "fp32").encode(news)
    assert exact_ND == pytest.approx(expected_ND, abs=1e-5)
    rounded_ND = NewsEncoder(artefact, "int8").encode(news)
    assert (rounded_ND * expected_ND).sum(axis=1).min() > 0.98


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_padding_and_batch_mates_do_not_matter(
    precision: str, xlm_roberta_artefact: Artefact
) -> None:
    session = open_session(xlm_roberta_artefact.path(f"news_encoder.{precision}.onnx"))
    texts = Tokenising.of(xlm_roberta_artefact)([NewsInputs(title) for title in TITLES[:7]])
    given = {name: padded(texts)[name] for name in INPUTS}
    wider = {name: np.pad(array, ((0, 0), (0, 11))) for name, array in given.items()}
    together_BD = session.run(None, given)[0]
    padded_BD = session.run(None, wider)[0]
    for row, text in enumerate(texts):
        alone_D = session.run(None, {name: padded([text])[name] for name in INPUTS})[0][0]
        for other_D in (together_BD[row], padded_BD[row]):
            if precision == "fp32":
                assert alone_D == pytest.approx(other_D, abs=1e-5)
            assert float(alone_D @ other_D) >= 0.9999


def test_each_precision_subtracts_its_mean_over_the_centring_texts(
    tiny_bert: Path, bert_artefact: Artefact, titles_file: Path, tmp_path: Path
) -> None:
    plain = bert_artefact
    wishes = Wishes(centring_texts=(titles_file,))
    centred = export_folder(tiny_bert, tmp_path, "centred", wishes)
    for precision in ("fp32", "int8"):
        assert not centre(plain, precision).any()
        before_ND = NewsEncoder(plain, precision).encode(SAMPLE_NEWS)  # type: ignore[arg-type]
        mean_D = before_ND.mean(axis=0)
        assert centre(centred, precision) == pytest.approx(mean_D, abs=2e-3)
        after_ND = NewsEncoder(centred, precision).encode(SAMPLE_NEWS)  # type: ignore[arg-type]
        expected_ND = unit(before_ND - centre(centred, precision))
        assert (after_ND * expected_ND).sum(axis=1).min() > 0.999
    assert centred.manifest.lineage.data == {f"{tmp_path.name}/titles.txt": len(SAMPLE_TITLES)}
    assert "minus the mean vector of 220 texts" in centred.path("card.md").read_text()


def test_vectors_keep_their_length_if_nobody_wants_them_normalised(
    tiny_bert: Path, titles_file: Path, tmp_path: Path
) -> None:
    wishes = Wishes(normalise=False, centring_texts=(titles_file,))
    artefact = export_folder(tiny_bert, tmp_path, "long", wishes, roundings=FP32_ALONE)
    vectors_ND = NewsEncoder(artefact, "fp32").encode(SAMPLE_NEWS)
    assert not artefact.manifest.normalised
    assert list(artefact.manifest.parity) == ["fp32"]
    assert np.ptp(np.linalg.norm(vectors_ND, axis=1)) > 1
    assert np.abs(vectors_ND.mean(axis=0)).max() < 1e-4


def test_the_manifest_says_what_was_wished(xlm_roberta_artefact: Artefact) -> None:
    manifest = xlm_roberta_artefact.manifest
    assert manifest.text == Text(template="query {{1}}: {title} - {abstract}", max_tokens=50)
    text = render(manifest.text.template, {"title": "A", "abstract": "B"})
    assert text == "query {1}: A - B"
    assert (manifest.dimension, manifest.pooling, manifest.languages) == (64, "cls", ("en", "de"))
    assert manifest.attribution == Attribution(weights="Somebody", weights_license="mit")
    assert list(manifest.parity) == ["fp32", "int8"]
    assert manifest.parity["fp32"].texts >= 200
    file = manifest.files["news_encoder.fp32.onnx"]
    assert (file.inputs, file.outputs) == (("input_ids", "attention_mask"), ("news_vectors",))


def test_an_artefact_does_not_name_the_folders_it_was_made_in(
    bert_artefact: Artefact,
) -> None:
    for path in bert_artefact.folder.iterdir():
        content = path.read_bytes()
        for folder in ("site-packages", str(bert_artefact.folder.parents[2]), str(Path.cwd())):
            assert folder.encode() not in content


def corrupting(source: Path, target: Path, texts: Sequence[NewsTokens]) -> None:
    """Quantise, then spoil the scales of all layers."""
    int8.quantise(source, target, texts)
    model = onnx.load(target)
    for tensor in model.graph.initializer:
        if tensor.name.endswith(".scales"):
            spoiled = np.flip(numpy_helper.to_array(tensor)) * np.float32(3)
            tensor.CopyFrom(numpy_helper.from_array(spoiled, tensor.name))
    onnx.save(model, target)


def test_an_int8_encoder_that_is_too_far_from_torch_is_not_published(
    tiny_bert: Path, tmp_path: Path
) -> None:
    with pytest.raises(ParityRefused, match=r"the int8 vectors are too far .* leave int8 out"):
        export_folder(tiny_bert, tmp_path, "tiny", roundings={"int8": corrupting})
    assert ModelStore((tmp_path,)).versions("tiny") == []
    assert not list((tmp_path / "tiny").iterdir())


def test_an_encoder_that_looks_at_its_batch_mates_is_refused(
    bert_artefact: Artefact, tmp_path: Path
) -> None:
    model = onnx.load(bert_artefact.path("news_encoder.fp32.onnx"))
    (output,) = model.graph.output
    for node in model.graph.node:
        node.output[:] = ["alone" if name == output.name else name for name in node.output]
    largest_of_the_batch = onnx.helper.make_node("ReduceMax", ["alone"], ["largest"], keepdims=0)
    model.graph.node.append(largest_of_the_batch)
    model.graph.node.append(onnx.helper.make_node("Add", ["alone", "largest"], [output.name]))
    onnx.save(model, tmp_path / "leaning.onnx")
    texts = Tokenising.of(bert_artefact)(SAMPLE_NEWS)
    with pytest.raises(ParityRefused, match="changes with its batch mates"):
        check_company("fp32", in_onnx(tmp_path / "leaning.onnx"), texts)


class Different(nn.Module):
    """An encoder whose exported graph is not what it computes."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        vectors: Tensor = self.encoder(input_ids, attention_mask)
        return vectors.roll(1, dims=-1) if torch.compiler.is_exporting() else vectors


def test_an_fp32_encoder_that_differs_from_torch_is_not_published(
    tiny_bert: Path, tmp_path: Path
) -> None:
    folder = read_folder(tiny_bert)
    encoder = TrainedEncoder(
        module=Different(load_encoder(folder, "mean")),
        tokenizer=load_tokenizer(folder),
        text=Text(template="{title}", max_tokens=32),
        pooling="mean",
        dimension=64,
        normalised=True,
    )
    about = Provenance(Lineage(recipe="test"), Attribution(weights="x", weights_license="y"))
    with pytest.raises(ParityRefused, match=r"fp32 vectors differ .* at most 1e-04"):
        export_artefact(encoder, about, tmp_path, "tiny")
    assert ModelStore((tmp_path,)).versions("tiny") == []


@pytest.mark.parametrize(
    ("name", "wishes", "error", "said"),
    [
        ("tiny", Wishes(template="{headline}"), BadTemplate, "names 'headline'"),
        ("tiny", Wishes(max_tokens=81), UnusableEncoder, "reads at most 80 tokens, not 81"),
        ("Tiny!", Wishes(), NotWritable, "cannot be an artefact's name"),
    ],
)
def test_what_cannot_be_made_is_said_before_it_is_tried(
    tiny_bert: Path,
    tmp_path: Path,
    name: str,
    wishes: Wishes,
    error: type[TrainingError],
    said: str,
) -> None:
    with pytest.raises(error, match=said):
        export_folder(tiny_bert, tmp_path / "store", name, wishes)


def test_a_store_that_cannot_be_written_is_said(tiny_bert: Path, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file, no folder")
    with pytest.raises(NotWritable, match="store cannot be written"):
        export_folder(tiny_bert, tmp_path / "store", "tiny")


def test_a_handful_of_centring_texts_is_refused(tiny_bert: Path, tmp_path: Path) -> None:
    (tmp_path / "few.txt").write_text("One\nTwo\n")
    with pytest.raises(UnreadableData, match=r"at least 20 different texts; .*few\.txt"):
        export_folder(tiny_bert, tmp_path, "tiny", Wishes(centring_texts=(tmp_path / "few.txt",)))
