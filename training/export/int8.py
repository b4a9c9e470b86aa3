"""Eight-bit weights and activations, without a scale that reaches beyond one token.

A linear layer ``x·W`` becomes, for each token's row ``x_K`` and each output ``n``,

    y_n = s · w_n · Σ_k round(x_k / (t_k s)) · round(t_k W_kn / w_n)

in exact integer arithmetic, where the row's step ``s`` is the least that takes all of the row
into [0, 255] around the zero point: a vector depends on neither its batch mates nor its padding,
and nothing is ever clipped. The factors ``t_K`` and the zero point are the layer's
(``training.export.calibration``), the scale ``w_N`` is the column's. An embedding table has a
scale for each row.

Weights stay within ±64, so that the 16-bit sums of two products, which x86 processors without
VNNI build, never saturate (2 · 255 · 64 < 2¹⁵): the same integers on every machine.

Shapes: K inputs of a layer, N outputs, V tokens in the vocabulary, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto

from model_store.tokens import NewsTokens
from training.export.calibration import HIGHEST, Rounding, best_rounding, observe
from training.export.four_bit import look_up, packed_exactly
from training.export.onnx_rewriting import MICROSOFT, Rewriting

Float32 = NDArray[np.float32]
Int8 = NDArray[np.int8]

WEIGHT_LIMIT: Final = 64
TABLE_LIMIT: Final = 127
TABLE_ROWS: Final = 1000
"""A smaller embedding table, such as that of positions, is not worth its rounding."""
SMALLEST_STEP: Final = 1e-12


def quantise(source: Path, target: Path, calibration: Sequence[NewsTokens]) -> None:
    """Write the eight-bit version of the fp32 ONNX file ``source`` to ``target``.

    ``calibration`` are tokenised texts of the kind that will be encoded; they decide how the
    work of rounding is shared between activations and weights, and nothing else.
    """
    model = onnx.load(source)
    graph = Rewriting(model)
    linear = [node for node in model.graph.node if _is_linear(node, graph)]
    observed = observe(model, [node.input[0] for node in linear], calibration)
    inputs = {
        name: best_rounding(
            seen, [graph.constants[node.input[1]] for node in linear if node.input[0] == name]
        )
        for name, seen in observed.items()
    }
    rows: dict[str, _Rows] = {}
    for node in model.graph.node:
        if _is_linear(node, graph):
            given = node.input[0]
            if given not in rows:
                rows[given] = _quantise_rows(graph, given, inputs[given])
            _quantise_linear(graph, node, rows[given], inputs[given].factors_K)
        elif _is_table(node, graph):
            _quantise_table(graph, node)
        else:
            graph.keep(node)
    onnx.save(graph.finished(), target)


def quantised_columns(weights_KN: Float32) -> tuple[Int8, Float32]:
    """Integers (K×N) within ±64 and the scale (N,) of each column: weights ≈ integers · scale."""
    scale_N = np.abs(weights_KN).max(axis=0) / WEIGHT_LIMIT
    scale_N = np.where(scale_N > 0, scale_N, 1).astype(np.float32)
    return np.rint(weights_KN / scale_N).astype(np.int8), scale_N


def quantised_rows(table_VD: Float32) -> tuple[Int8, Float32]:
    """Integers (V×D) within ±127 and the scale (V×1) of each row: table ≈ integers · scale."""
    scale_V1 = np.abs(table_VD).max(axis=1, keepdims=True) / TABLE_LIMIT
    scale_V1 = np.where(scale_V1 > 0, scale_V1, 1).astype(np.float32)
    return np.rint(table_VD / scale_V1).astype(np.int8), scale_V1


def _is_linear(node: NodeProto, graph: Rewriting) -> bool:
    if node.op_type != "MatMul":
        return False
    weights = graph.constants.get(node.input[1])
    return weights is not None and weights.ndim == 2


def _is_table(node: NodeProto, graph: Rewriting) -> bool:
    if node.op_type != "Gather":
        return False
    table = graph.constants.get(node.input[0])
    return (
        table is not None
        and table.ndim == 2
        and len(table) >= TABLE_ROWS
        and table.dtype == np.float32
    )


@dataclass(frozen=True)
class _Rows:
    """The names of an input's integers, of their zero point, and of each row's step."""

    integers: str
    zero: str
    step: str


def _quantise_rows(graph: Rewriting, given: str, rounding: Rounding) -> _Rows:
    """Add the nodes that turn each row of ``given`` into integers around the zero point."""
    smooth = given
    if not (rounding.factors_K == 1).all():
        inverse_K = graph.constant(f"{given}.smoothing", 1 / rounding.factors_K)
        smooth = graph.node("Mul", given, inverse_K, output=f"{given}.smooth")
    zero, above, below = rounding.zero, HIGHEST - rounding.zero, -rounding.zero
    last_axis = graph.constant("int8.last_axis", np.array([-1]))
    highest = graph.node("ReduceMax", smooth, last_axis, keepdims=1)
    lowest = graph.node("ReduceMin", smooth, last_axis, keepdims=1)
    step = graph.node(
        "Max",
        graph.node("Mul", highest, graph.constant(f"int8.{above}", np.float32(1 / above))),
        graph.node("Mul", lowest, graph.constant(f"int8.{below}", np.float32(1 / below))),
        graph.constant("int8.smallest", np.float32(SMALLEST_STEP)),
    )
    name = graph.constant(f"int8.zero_{zero}", np.uint8(zero))
    integers = graph.node(
        "QuantizeLinear",
        graph.node("Mul", smooth, graph.node("Reciprocal", step), output=f"{given}.steps"),
        graph.constant("int8.one", np.float32(1)),
        name,
    )
    return _Rows(integers, name, step)


def _quantise_linear(graph: Rewriting, node: NodeProto, rows: _Rows, factors_K: Float32) -> None:
    """Replace ``x·W`` by the integers' product, scaled by column and then by row."""
    result = node.output[0]
    weights_KN, scale_N = quantised_columns(
        graph.constants[node.input[1]] * factors_K[:, np.newaxis]
    )
    products = graph.node(
        "MatMulIntegerToFloat",
        rows.integers,
        graph.constant(f"{result}.weights", weights_KN),
        graph.constant("int8.one", np.float32(1)),
        graph.constant(f"{result}.scales", scale_N),
        rows.zero,
        output=f"{result}.products",
        domain=MICROSOFT,
    )
    graph.node("Mul", products, rows.step, output=result)


def _quantise_table(graph: Rewriting, node: NodeProto) -> None:
    """Look a row up as integers and scale it; in four bits where that loses nothing."""
    table, ids, result = node.input[0], node.input[1], node.output[0]
    exact = packed_exactly(graph.constants[table])
    if exact is not None:
        look_up(graph, node, exact)
        return
    integers_VD, scale_V1 = quantised_rows(graph.constants[table])
    integers = graph.node("Gather", graph.constant(f"{table}.integers", integers_VD), ids)
    scale = graph.node("Gather", graph.constant(f"{table}.scales", scale_V1), ids)
    graph.node("Mul", graph.node("Cast", integers, to=TensorProto.FLOAT), scale, output=result)
