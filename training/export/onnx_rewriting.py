"""Rebuilding an ONNX graph node by node."""

from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, helper, numpy_helper

MICROSOFT: Final = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""


class Rewriting:
    """A model whose nodes are taken over or replaced, in their order, until it is ``finished``."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """``model`` is left as it is."""
        self._model = model
        self._nodes: list[NodeProto] = []
        self._added: dict[str, onnx.TensorProto] = {}
        self.constants: dict[str, NDArray[Any]] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }

    def keep(self, node: NodeProto) -> None:
        """Take a node over as it is."""
        self._nodes.append(node)

    def constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        """A constant by its name, which is returned; a name that is there already stays."""
        if name not in self._added:
            self._added[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def node(
        self, kind: str, *inputs: str, output: str = "", domain: str = "", **attributes: Any
    ) -> str:
        """Add a node with one output and return the output's name."""
        output = output or f"{inputs[0]}.{kind}"
        self._nodes.append(
            helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes)
        )
        return output

    def finished(self) -> onnx.ModelProto:
        """The rebuilt model, without the constants that no node reads any more."""
        used = {name for node in self._nodes for name in node.input}
        kept = [tensor for tensor in self._model.graph.initializer if tensor.name in used]
        graph = helper.make_graph(
            self._nodes,
            self._model.graph.name,
            self._model.graph.input,
            self._model.graph.output,
            [*kept, *self._added.values()],
        )
        return helper.make_model(
            graph,
            ir_version=self._model.ir_version,
            opset_imports=[*self._model.opset_import, helper.make_opsetid(MICROSOFT, 1)],
        )
