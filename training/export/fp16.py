"""Sixteen-bit weights and activations, for GPUs.

What a float16 cannot hold stays in float32: squares and sums, and everything between the last
layer and the vector, which is pooling, normalisation and centring. Inputs stay int64 and vectors
float32.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto

from model_store.tokens import NewsTokens
from training.errors import ExportFailed
from training.export.onnx_rewriting import Rewriting

LAYERS: Final = ("MatMul", "Gemm", "Conv", "LayerNormalization", "Gather")
"""With constant weights, these are where a model's last layer ends."""
FULL: Final = (
    *("Pow", "ReduceMean", "ReduceSum", "ReduceSumSquare", "ReduceL2", "Sqrt", "CumSum"),
    *("Constant", "ConstantOfShape", "Range", "TopK"),
)
"""Squares and sums, which pass what a float16 holds, and what is no arithmetic."""
LARGEST: Final = float(np.finfo(np.float16).max)
SMALLEST: Final = float(np.finfo(np.float16).smallest_subnormal)


def halve(source: Path, target: Path, _: Sequence[NewsTokens] = ()) -> None:
    """Write the sixteen-bit version of the fp32 ONNX file ``source`` to ``target``.

    Raises ExportFailed for a graph with branches or loops.
    """
    model = onnx.load(source)
    if any(attribute.HasField("g") for node in model.graph.node for attribute in node.attribute):
        raise ExportFailed("an encoder with branches or loops has no fp16; leave fp16 out")
    full = {node.output[0] for node in head(model)}
    halving = _Halving(model)
    for node in model.graph.node:
        halving.take(node, full=node.op_type in FULL or node.output[0] in full)
    onnx.save(halving.finished(), target)


def head(model: ModelProto) -> Iterator[NodeProto]:
    """The nodes between the last layers and the model's output, the last one first."""
    made_by = {name: node for node in model.graph.node for name in node.output}
    constants = {tensor.name for tensor in model.graph.initializer}
    waiting = [output.name for output in model.graph.output]
    seen: set[str] = set()
    while waiting:
        node = made_by.get(waiting.pop())
        if node is None or node.output[0] in seen or _is_layer(node, constants):
            continue
        seen.add(node.output[0])
        waiting += node.input
        yield node


def halved(values: NDArray[np.float32]) -> NDArray[np.float16]:
    """The nearest float16: none becomes infinite, or zero, that is not."""
    bounded = np.where(np.isfinite(values), np.clip(values, -LARGEST, LARGEST), values)
    small = (bounded != 0) & (np.abs(bounded) < SMALLEST)
    return np.where(small, np.copysign(SMALLEST, bounded), bounded).astype(np.float16)


def _is_layer(node: NodeProto, constants: Iterable[str]) -> bool:
    return node.op_type in LAYERS and any(name in constants for name in node.input)


class _Halving:
    """A model whose nodes are taken over one by one, in float16 or in float32. A tensor is there in
    the one that its node gives, and, where another node wants it so, in the other.
    """

    def __init__(self, model: ModelProto) -> None:
        self._graph = Rewriting(model)
        self._outputs = {output.name for output in model.graph.output}
        self._floats = _floats(model)
        self._half: set[str] = set()
        self._other: dict[str, str] = {}

    def take(self, node: NodeProto, *, full: bool) -> None:
        """Take a node over: in float32 if ``full``."""
        for place, name in enumerate(node.input):
            if name in self._floats:
                node.input[place] = self._as(name, full=full)
        gives = [name for name in node.output if name in self._floats]
        if not full:
            self._half.update(gives)
            for attribute in node.attribute:
                if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                    attribute.i = TensorProto.FLOAT16
        self._graph.keep(node)

    def finished(self) -> ModelProto:
        """The whole model. Raises ExportFailed for one that ends in float16."""
        if self._half & self._outputs:
            raise ExportFailed("the encoder has nothing behind its last layer; leave fp16 out")
        return self._graph.finished()

    def _as(self, name: str, *, full: bool) -> str:
        """The tensor's name in the wanted precision."""
        if full == (name not in self._half):
            return name
        constant = self._graph.constants.get(name)
        if constant is not None:
            return self._graph.constant(f"{name}.half", halved(constant))
        return self._cast(name, full=full)

    def _cast(self, name: str, *, full: bool) -> str:
        if name not in self._other:
            kind, to = ("full", TensorProto.FLOAT) if full else ("half", TensorProto.FLOAT16)
            self._other[name] = self._graph.node("Cast", name, output=f"{name}.{kind}", to=to)
        return self._other[name]


def _floats(model: ModelProto) -> set[str]:
    """The names of the tensors of float32."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    values: list[Any] = [*graph.input, *graph.output, *graph.value_info]
    names = {v.name for v in values if v.type.tensor_type.elem_type == TensorProto.FLOAT}
    return names | {t.name for t in graph.initializer if t.data_type == TensorProto.FLOAT}
