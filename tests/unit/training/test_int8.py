"""Eight-bit arithmetic: what rounding may cost, and what it must never do."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from model_store.sessions import open_session
from model_store.tokens import NewsTokens
from training.export.calibration import (
    HIGHEST,
    MIDDLE,
    Observed,
    best_rounding,
    best_zero,
    smoothing_factors,
)
from training.export.int8 import WEIGHT_LIMIT, quantise, quantised_columns, quantised_rows

Float32 = NDArray[np.float32]

floats = st.floats(-1e3, 1e3, width=32).map(lambda x: 0.0 if abs(x) < 1e-3 else x)
matrices = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=floats
)


@given(matrices)
def test_a_columns_rounding_is_at_most_half_a_step(weights_KN: Float32) -> None:
    integers_KN, scale_N = quantised_columns(weights_KN)
    assert np.abs(integers_KN.astype(int)).max() <= WEIGHT_LIMIT
    error_KN = np.abs(integers_KN * scale_N - weights_KN)
    assert (error_KN <= scale_N * 0.5001).all()


@given(matrices)
def test_a_table_rows_rounding_is_at_most_half_a_step(table_VD: Float32) -> None:
    integers_VD, scale_V1 = quantised_rows(table_VD)
    assert (np.abs(integers_VD * scale_V1 - table_VD) <= scale_V1 * 0.5001).all()


def test_two_products_fit_into_sixteen_bits() -> None:
    assert 2 * HIGHEST * WEIGHT_LIMIT < 2**15


@given(matrices, st.data())
def test_smoothing_changes_nothing_but_the_rounding(
    weights_KN: Float32, data: st.DataObject
) -> None:
    rows = arrays.arrays(np.float32, (3, len(weights_KN)), elements=floats)
    rows_RK = data.draw(rows)
    factors_K = smoothing_factors(np.abs(rows_RK).max(axis=0), [weights_KN])
    assert (factors_K > 0).all()
    smoothed_RN = (rows_RK / factors_K).astype(float) @ (weights_KN * factors_K[:, None])
    assert np.allclose(smoothed_RN, rows_RK.astype(float) @ weights_KN, rtol=1e-3, atol=1)


def test_rows_that_are_all_but_positive_move_their_zero_point() -> None:
    lowest_R, highest_R = np.full(9, -0.17, np.float32), np.full(9, 3.0, np.float32)
    zero = best_zero(lowest_R, highest_R)
    assert zero == pytest.approx(HIGHEST * 0.17 / 3.17, abs=2)
    rounding = best_rounding(Observed(np.ones(4, np.float32), lowest_R, highest_R), [])
    assert rounding.zero == zero
    assert (rounding.factors_K == 1).all()


def test_rows_on_both_sides_keep_zero_in_the_middle() -> None:
    observed = Observed(np.ones(4, np.float32), -np.ones(9, np.float32), np.ones(9, np.float32))
    assert best_rounding(observed, [np.ones((4, 2), np.float32)]).zero == MIDDLE


def one_layer(path: Path, weights_KN: Float32) -> None:
    """input_ids and attention_mask stacked to rows, through a table, times the weights."""
    table_VD = np.random.default_rng(1).normal(size=(2000, len(weights_KN))).astype(np.float32)
    nodes = [
        helper.make_node("Mul", ["input_ids", "attention_mask"], ["ids"]),
        helper.make_node("Gather", ["table", "ids"], ["rows"]),
        helper.make_node("MatMul", ["rows", "weights"], ["vectors"]),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["B", "T"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["B", "T", "N"])
    constants = [
        numpy_helper.from_array(table_VD, "table"),
        numpy_helper.from_array(weights_KN, "weights"),
    ]
    graph = helper.make_graph(nodes, "one", inputs, [output], constants)
    opset = [helper.make_opsetid("", 20)]
    onnx.save(helper.make_model(graph, ir_version=10, opset_imports=opset), path)


def run(session: ort.InferenceSession, ids_BT: NDArray[np.int64]) -> Float32:
    given = {"input_ids": ids_BT, "attention_mask": np.ones_like(ids_BT)}
    vectors: Float32 = session.run(None, given)[0]
    return vectors


def test_a_rewritten_layer_gives_nearly_the_same_and_each_row_alone_gives_the_same(
    tmp_path: Path,
) -> None:
    random = np.random.default_rng(3)
    weights_KN = random.normal(size=(48, 16)).astype(np.float32)
    weights_KN[:, 5] = 0
    one_layer(tmp_path / "fp32.onnx", weights_KN)
    texts = [NewsTokens(random.integers(0, 2000, 9).tolist(), (), 0, 0) for _ in range(8)]
    quantise(tmp_path / "fp32.onnx", tmp_path / "int8.onnx", texts)
    exact, rounded = open_session(tmp_path / "fp32.onnx"), open_session(tmp_path / "int8.onnx")

    ids_BT = random.integers(0, 2000, (5, 7))
    expected, given = run(exact, ids_BT), run(rounded, ids_BT)
    assert np.abs(given - expected).max() < 0.02 * np.abs(expected).max()
    assert (given[..., 5] == 0).all()
    for row in range(5):
        assert np.array_equal(run(rounded, ids_BT[row : row + 1, :3])[0], given[row, :3])
