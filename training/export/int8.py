"""Eight-bit weights and activations, without a scale that reaches beyond one token.

A linear layer ``x·W`` becomes, per token row ``x_K`` and output column ``W_KN[:, n]``,

    y_n = s · w_n · Σ_k round(x_k / (t_k s)) · round(t_k W_kn / w_n),    s = max_k |x_k / t_k| / 127

in exact integer arithmetic: a vector depends on neither its batch mates nor its padding. ``t_K``
are the smoothing factors (``training.export.smoothing``). Weights stay within ±64, so that the
16-bit sums of two products, which x86 processors without VNNI build, never saturate
(2 · 255 · 64 < 2¹⁵): the same numbers on every machine. An embedding table has a scale per row.

Shapes: K inputs of a layer, N outputs, V tokens in the vocabulary, D dimensions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto
from tokenizers import Encoding

from training.export.onnx_rewriting import MICROSOFT, Rewriting
from training.export.smoothing import largest_inputs, smoothing_factors

Float32 = NDArray[np.float32]
Int8 = NDArray[np.int8]

WEIGHT_LIMIT: Final = 64
ACTIVATION_LIMIT: Final = 127
ACTIVATION_ZERO: Final = 128
TABLE_LIMIT: Final = 127
TABLE_ROWS: Final = 1000
"""A smaller embedding table, such as that of positions, is not worth its rounding."""
SMALLEST_SCALE: Final = 1e-12


def quantise(source: Path, target: Path, calibration: Sequence[Encoding]) -> None:
    """Write the eight-bit version of the fp32 ONNX file ``source`` to ``target``.

    ``calibration`` are tokenised texts of the kind that will be encoded; they decide how the
    work of rounding is shared between activations and weights, and nothing else.
    """
    model = onnx.load(source)
    graph = Rewriting(model)
    linear = [node for node in model.graph.node if _is_linear(node, graph)]
    largest = largest_inputs(model, [node.input[0] for node in linear], calibration)
    factors = {
        name: smoothing_factors(
            largest_K, [graph.constants[node.input[1]] for node in linear if node.input[0] == name]
        )
        for name, largest_K in largest.items()
    }
    rows: dict[str, tuple[str, str]] = {}
    for node in model.graph.node:
        if _is_linear(node, graph):
            given = node.input[0]
            if given not in rows:
                rows[given] = _quantise_rows(graph, given, factors[given])
            _quantise_linear(graph, node, *rows[given], factors[given])
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


def _quantise_linear(
    graph: Rewriting, node: NodeProto, integers: str, scale: str, factors_K: Float32
) -> None:
    """Replace ``x·W`` by the integers' product, scaled by column and then by row."""
    result = node.output[0]
    weights_KN, scale_N = quantised_columns(
        graph.constants[node.input[1]] * factors_K[:, np.newaxis]
    )
    products = graph.node(
        "MatMulIntegerToFloat",
        integers,
        graph.constant(f"{result}.weights", weights_KN),
        graph.constant("int8.one", np.float32(1)),
        graph.constant(f"{result}.scales", scale_N),
        graph.constant("int8.zero", np.uint8(ACTIVATION_ZERO)),
        output=f"{result}.products",
        domain=MICROSOFT,
    )
    graph.node("Mul", products, scale, output=result)


def _quantise_rows(graph: Rewriting, given: str, factors_K: Float32) -> tuple[str, str]:
    """The names of the integers and of the scale of each token's row of ``given``."""
    inverse_K = graph.constant(f"{given}.smoothing", (1 / factors_K).astype(np.float32))
    smooth = graph.node("Mul", given, inverse_K, output=f"{given}.smooth")
    largest = graph.node(
        "ReduceMax",
        graph.node("Abs", smooth),
        graph.constant("int8.last_axis", np.array([-1])),
        keepdims=1,
    )
    limit = graph.constant("int8.limit", np.float32(1 / ACTIVATION_LIMIT))
    smallest = graph.constant("int8.smallest", np.float32(SMALLEST_SCALE))
    scale = graph.node("Max", graph.node("Mul", largest, limit), smallest)
    integers = graph.node(
        "QuantizeLinear",
        graph.node("Mul", smooth, graph.node("Reciprocal", scale)),
        graph.constant("int8.one", np.float32(1)),
        graph.constant("int8.zero", np.uint8(ACTIVATION_ZERO)),
    )
    return integers, scale


def _quantise_table(graph: Rewriting, node: NodeProto) -> None:
    """Look a row up as integers and scale it."""
    table, ids, result = node.input[0], node.input[1], node.output[0]
    integers_VD, scale_V1 = quantised_rows(graph.constants[table])
    integers = graph.node("Gather", graph.constant(f"{table}.integers", integers_VD), ids)
    scale = graph.node("Gather", graph.constant(f"{table}.scales", scale_V1), ids)
    graph.node("Mul", graph.node("Cast", integers, to=TensorProto.FLOAT), scale, output=result)
