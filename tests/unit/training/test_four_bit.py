"""Tables on a four-bit grid: packed to the last bit, or not at all."""

from collections.abc import Callable
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
from training.export.four_bit import BLOCK, PackedTable, look_up, packed_exactly
from training.export.int8 import quantise
from training.export.onnx_rewriting import Rewriting

Float32 = NDArray[np.float32]
TEXTS = [NewsTokens([0, 5, 9], (), 0, 0)]


def on_grid(integers_VD: NDArray[np.integer], steps_VN: NDArray[np.float16]) -> Float32:
    """The table of such integers in [−8, 7] and such steps, as Q4_0 unpacks it."""
    steps_VD = np.repeat(steps_VN.astype(np.float32), BLOCK, axis=1)
    table_VD: Float32 = integers_VD.astype(np.float32) * steps_VD
    return table_VD


def some_table(rows: int = 50, dimension: int = 128, seed: int = 1) -> Float32:
    """Random integers, of which each block has a −8, under steps of both signs; row 3 is zero."""
    random = np.random.default_rng(seed)
    integers_VD = random.integers(-8, 8, (rows, dimension))
    integers_VD[:, ::BLOCK] = -8
    steps = random.normal(0, 0.01, (rows, dimension // BLOCK)).astype(np.float16)
    steps[3] = 0
    return on_grid(integers_VD, steps)


def unpacked(table: PackedTable) -> Float32:
    """By numpy, as the module's head says: the first half of a row in the low bits."""
    integers = np.concatenate([table.packed & 15, table.packed >> 4], axis=1).astype(int) - 8
    return on_grid(integers, table.steps_VN)


def looking_up(table_VD: Float32, weights_DN: Float32 | None = None) -> onnx.ModelProto:
    """Each token's row, times the weights if there are any."""
    nodes = [
        helper.make_node("Mul", ["input_ids", "attention_mask"], ["ids"]),
        helper.make_node("Gather", ["table", "ids"], ["rows" if weights_DN is not None else "out"]),
    ]
    constants = [numpy_helper.from_array(table_VD, "table")]
    if weights_DN is not None:
        nodes.append(helper.make_node("MatMul", ["rows", "weights"], ["out"]))
        constants.append(numpy_helper.from_array(weights_DN, "weights"))
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["B", "T"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["B", "T", "D"])
    graph = helper.make_graph(nodes, "rows", inputs, [output], constants)
    opset = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, ir_version=10, opset_imports=opset)


def run(session: ort.InferenceSession, ids_BT: NDArray[np.int64]) -> Float32:
    given = {"input_ids": ids_BT, "attention_mask": np.ones_like(ids_BT)}
    rows: Float32 = session.run(None, given)[0]
    return rows


@given(
    arrays.arrays(np.int8, (3, 64), elements=st.integers(-8, 7)),
    arrays.arrays(np.float16, (3, 2), elements=st.floats(-100, 100, width=16)),
)
def test_a_table_on_the_grid_keeps_every_value(
    integers_VD: NDArray[np.int8], steps_VN: NDArray[np.float16]
) -> None:
    integers_VD[:, ::BLOCK] = -8
    table_VD = on_grid(integers_VD, steps_VN)
    packed = packed_exactly(table_VD)
    assert packed is not None
    assert np.array_equal(unpacked(packed), table_VD)


def test_a_value_takes_nine_sixteenths_of_a_byte() -> None:
    packed = packed_exactly(some_table())
    assert packed is not None
    assert packed.packed.nbytes + packed.steps_VN.nbytes == some_table().size * 0.5625
    assert (packed.steps_VN < 0).any()
    assert (packed.steps_VN[3] == 0).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table[:, :96],
        lambda table: np.where(np.arange(128) == 40, np.nextafter(table, np.float32(9)), table),
        lambda table: table + np.float32(1e-3),
        lambda table: np.full_like(table, np.nan),
        lambda table: np.full_like(table, np.inf),
        lambda table: table * np.float32(1e38),
        lambda table: np.full_like(table, 1e-9),
    ],
    ids=[
        "odd blocks",
        "a last bit",
        "beside it",
        "no numbers",
        "infinite",
        "too large",
        "too small",
    ],
)
def test_a_table_off_the_grid_is_not_packed(change: Callable[[Float32], Float32]) -> None:
    assert packed_exactly(change(some_table())) is None


def test_random_values_are_not_packed() -> None:
    table_VD = np.random.default_rng(1).normal(size=(50, 128)).astype(np.float32)
    assert packed_exactly(table_VD) is None


def test_a_look_up_in_the_packed_table_gives_the_rows_to_the_last_bit(tmp_path: Path) -> None:
    table_VD = some_table()
    packed = packed_exactly(table_VD)
    assert packed is not None
    graph = Rewriting(looking_up(table_VD))
    for node in looking_up(table_VD).graph.node:
        if node.op_type == "Gather":
            look_up(graph, node, packed)
        else:
            graph.keep(node)
    onnx.save(graph.finished(), tmp_path / "packed.onnx")
    ids_BT = np.arange(50).reshape(5, 10)
    given = run(open_session(tmp_path / "packed.onnx"), ids_BT)
    assert np.array_equal(given, table_VD[ids_BT])


@pytest.fixture
def quantised(tmp_path: Path) -> list[Path]:
    """A large table on the grid, the same a little off it, and both as int8."""
    files = []
    weights_DN = np.eye(128, dtype=np.float32)
    on = some_table(rows=2000)
    off = on * np.float32(1.0001)
    for name, table in (("on", on), ("off", off)):
        onnx.save(looking_up(table, weights_DN), tmp_path / f"{name}.onnx")
        quantise(tmp_path / f"{name}.onnx", tmp_path / f"{name}.int8.onnx", TEXTS)
        files += [tmp_path / f"{name}.onnx", tmp_path / f"{name}.int8.onnx"]
    return files


def test_an_int8_file_packs_a_table_on_the_grid_alone(quantised: list[Path]) -> None:
    _, on, _, off = (file.stat().st_size for file in quantised)
    assert on < 0.6 * off
    names = [{tensor.name for tensor in onnx.load(file).graph.initializer} for file in quantised]
    assert {"table.packed", "table.steps"} <= names[1]
    assert {"table.integers", "table.scales"} <= names[3]


def test_an_int8_files_rows_are_those_in_float(tmp_path: Path) -> None:
    table_VD = some_table(rows=2000)
    onnx.save(looking_up(table_VD), tmp_path / "fp32.onnx")
    quantise(tmp_path / "fp32.onnx", tmp_path / "int8.onnx", TEXTS)
    ids_BT = np.random.default_rng(2).integers(0, 2000, (7, 9))
    files = (tmp_path / "fp32.onnx", tmp_path / "int8.onnx")
    exact, packed = (run(open_session(file), ids_BT) for file in files)
    assert np.array_equal(packed, exact)
    assert files[1].stat().st_size < 0.16 * files[0].stat().st_size
