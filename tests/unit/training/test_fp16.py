"""Sixteen bits: what they may cost, and what is never given to them."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from onnx import TensorProto, helper
from typer.testing import CliRunner

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.news_encoder import NewsEncoder
from model_store.sessions import open_session
from model_store.store import ModelStore
from model_store.tokens import Tokenising, padded
from tests.attention_artefacts import Workshop
from tests.unit.model_store.test_news_views import news_of
from training.cli import app
from training.errors import ExportFailed
from training.export.fp16 import LARGEST, SMALLEST, halve, halved, head
from training.export.from_folder import export_folder
from training.export.graph import CENTRE
from training.export.precisions import FP16
from training.export.sample_texts import SAMPLE_TITLES

Float32 = NDArray[np.float32]
NEWS = [NewsInputs(title) for title in SAMPLE_TITLES]
ENCODERS = ["tiny_bert", "tiny_xlm_roberta", "tiny_llama"]


@pytest.fixture(scope="module", params=ENCODERS)
def artefact(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    folder: Path = request.getfixturevalue(request.param)
    return export_folder(folder, tmp_path_factory.mktemp("store"), "tiny", roundings=FP16)


@given(arrays.arrays(np.float32, 8, elements=st.floats(width=32, allow_nan=False)))
def test_no_number_becomes_infinite_or_zero(values: Float32) -> None:
    rounded = halved(values)
    assert (np.isfinite(rounded) == np.isfinite(values)).all()
    assert ((rounded == 0) == (values == 0)).all()
    usual = np.isfinite(values) & (np.abs(values) <= LARGEST) & (np.abs(values) >= 1e-4)
    assert rounded[usual] == pytest.approx(values[usual], rel=2**-11)
    assert SMALLEST == 2.0**-24


def test_parity_is_measured_and_close(artefact: Artefact) -> None:
    manifest = artefact.manifest
    assert list(manifest.parity) == ["fp32", "fp16"]
    assert manifest.parity["fp16"].mean_cosine >= 0.9999
    assert manifest.best_precision("cuda") == "fp16"
    assert manifest.best_precision("cpu") == "fp32"
    exact_ND = NewsEncoder(artefact, "fp32").encode(NEWS)
    rounded_ND = NewsEncoder(artefact, "fp16").encode(NEWS)
    assert rounded_ND.dtype == np.float32
    assert (rounded_ND * exact_ND).sum(axis=1).min() >= 0.9999
    assert np.linalg.norm(rounded_ND, axis=1) == pytest.approx(np.ones(len(NEWS)), abs=1e-5)


def test_weights_are_halved_and_what_pools_and_centres_is_not(artefact: Artefact) -> None:
    model = onnx.load(artefact.path("news_encoder.fp16.onnx"))
    onnx.checker.check_model(model, full_check=True)
    types = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert types[CENTRE] == TensorProto.FLOAT
    assert [given.type.tensor_type.elem_type for given in model.graph.input] == [
        TensorProto.INT64,
        TensorProto.INT64,
    ]
    assert model.graph.output[0].type.tensor_type.elem_type == TensorProto.FLOAT
    layers = [node for node in model.graph.node if node.op_type == "MatMul"]
    weights = [types[name] for node in layers for name in node.input if name in types]
    assert len(weights) >= 12
    assert set(weights) == {TensorProto.FLOAT16}
    assert not any(
        types.get(name) == TensorProto.FLOAT16 for node in head(model) for name in node.input
    )


@pytest.mark.parametrize("architecture", ["naml", "lstur", "nrms"])
def test_recommenders_encoders_can_be_halved(
    workshop: Workshop, architecture: str, tmp_path: Path
) -> None:
    artefact, news = workshop.make(architecture).artefact, news_of(workshop, architecture)
    source, target = artefact.path("news_encoder.fp32.onnx"), tmp_path / "fp16.onnx"
    halve(source, target)
    given = padded(Tokenising.of(artefact)(news))
    sessions = [open_session(path, threads=1) for path in (source, target)]
    names = [needed.name for needed in sessions[0].get_inputs()]
    exact_BD, rounded_BD = (
        session.run(None, {name: given[name] for name in names})[0] for session in sessions
    )
    lengths = np.linalg.norm(exact_BD, axis=1) * np.linalg.norm(rounded_BD, axis=1)
    assert ((exact_BD * rounded_BD).sum(axis=1) / lengths).min() >= 0.9999


def test_an_encoder_with_a_branch_is_refused(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    one = helper.make_node("Constant", [], ["y"], value_float=1.0)
    branch = helper.make_graph([one], "branch", [], [value])
    choose = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    given_ = helper.make_tensor_value_info("x", TensorProto.BOOL, [1])
    model = helper.make_model(helper.make_graph([choose], "g", [given_], [value]))
    onnx.save(model, tmp_path / "branching.onnx")
    with pytest.raises(ExportFailed, match="leave fp16 out"):
        halve(tmp_path / "branching.onnx", tmp_path / "out.onnx")


def test_the_command_makes_it_where_it_is_asked_for(tiny_bert: Path, tmp_path: Path) -> None:
    arguments = ["export", str(tiny_bert), "--store", str(tmp_path), "--name", "tiny"]
    choice = ["--no-centring", "--precision", "fp16"]
    done = CliRunner().invoke(app, [*arguments, *choice])
    assert done.exit_code == 0, done.output
    assert "fp16" in done.output
    manifest = ModelStore.at(tmp_path).load("tiny@1").manifest
    assert list(manifest.parity) == ["fp32", "fp16"]
