"""From a torch module to an ONNX graph: the whole way from tokens to the vector that is scored.

Shapes: B batch, T tokens, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.export import Dim
from torch.nn.functional import normalize

from training.errors import ExportFailed
from training.quiet import quiet

INPUTS: Final = ("input_ids", "attention_mask")
OUTPUT: Final = "news_vectors"
CENTRE: Final = "centre_D"
"""The name of the vector that is subtracted, in the module and in the graph."""
OPSET: Final = 20
LARGEST: Final = 2**31 - 2**20
"""Bytes that an ONNX file can hold: protobuf's limit, less room for the graph itself."""

Float32 = NDArray[np.float32]


class NewsVectors(nn.Module):
    """Encoder, normalisation, centring: ``n(n(v) − centre)``, or ``v − centre`` not normalised.

    The centre is zero at first, which leaves a vector as it is before centring.
    """

    centre_D: Tensor

    def __init__(
        self,
        encoder: nn.Module,
        dimension: int,
        *,
        normalised: bool,
        inputs: tuple[str, ...] = INPUTS,
    ) -> None:
        """``inputs`` are the names of what the encoder's ``forward`` takes, in order."""
        super().__init__()
        self.inputs = inputs
        self.encoder = encoder
        self.normalised = normalised
        self.register_buffer(CENTRE, torch.zeros(dimension))

    def forward(self, *inputs: Tensor) -> Tensor:
        """The vectors (B×D) of the named inputs: token ids and masks (B×T), categories (B)."""
        vectors_BD: Tensor = self.encoder(*inputs)
        if not self.normalised:
            return vectors_BD - self.centre_D
        return normalize(normalize(vectors_BD, dim=-1) - self.centre_D, dim=-1)


def write_onnx(vectors: NewsVectors, path: Path) -> None:
    """Write the module as an ONNX file, for any batch size and any number of tokens.

    The file's centre is zero, whatever the module's is. Raises ExportFailed.
    """
    size = sum(parameter.numel() * 4 for parameter in vectors.parameters())
    if size > LARGEST:
        raise ExportFailed(
            f"the encoder's weights take {size / 1e9:.1f} GB in float32, and an ONNX file holds "
            f"{LARGEST / 1e9:.1f} GB: distil it, or cut its vocabulary, first"
        )
    dimension = len(vectors.centre_D)
    marked = NewsVectors(
        vectors.encoder, dimension, normalised=vectors.normalised, inputs=vectors.inputs
    )
    # The exporter folds zeros away, and merges equal constants: the centre must be like no other.
    marked.centre_D.copy_(torch.linspace(-1, 1, dimension))
    examples, sizes = zip(*map(_example, marked.inputs), strict=True)
    tracing = Tracing(marked.inputs, (OUTPUT,), examples, sizes)
    onnx.save(traced(marked, tracing, "encoder"), path)
    set_centre(path, np.zeros(dimension, np.float32))


def set_centre(path: Path, centre_D: Float32) -> None:
    """Let the ONNX file subtract ``centre_D`` (D,). Raises ExportFailed if it has no centre."""
    model = onnx.load(path)
    for initializer in model.graph.initializer:
        if initializer.name == CENTRE:
            initializer.CopyFrom(numpy_helper.from_array(centre_D.astype(np.float32), CENTRE))
            onnx.save(model, path)
            return
    raise ExportFailed(f"{path.name} lost its {CENTRE} while it was exported")


@dataclass(frozen=True)
class Tracing:
    """An example of each named input, which of its sizes may be any, and the outputs' names."""

    inputs: Sequence[str]
    outputs: Sequence[str]
    examples: tuple[Tensor, ...]
    sizes: tuple[dict[int, Dim], ...]


def traced(module: nn.Module, tracing: Tracing, what: str) -> onnx.ModelProto:
    """The module as a graph, without the exporter's notes. Raises ExportFailed, naming ``what``."""
    try:
        with quiet(), torch.no_grad():
            program = torch.onnx.export(
                module.eval(),
                tracing.examples,
                input_names=list(tracing.inputs),
                output_names=list(tracing.outputs),
                dynamic_shapes=(tracing.sizes,),
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise ExportFailed(f"torch cannot export this {what}: {reason}") from error
    model: onnx.ModelProto = program.model_proto  # type: ignore[union-attr]
    _strip(model.graph)
    return model


def _example(name: str) -> tuple[Tensor, dict[int, Dim]]:
    """An example of an input, and which of its sizes may be any.

    Each is a tensor of its own: given the same one twice, the exporter takes two inputs for one.
    """
    if not name.endswith(INPUTS):
        return torch.ones(3, dtype=torch.int64), {0: Dim("batch")}
    tokens = name.removesuffix(INPUTS[0]).removesuffix(INPUTS[1]) + "tokens"
    width = 7 if tokens == "tokens" else 9
    return torch.ones(3, width, dtype=torch.int64), {0: Dim("batch"), 1: Dim(tokens)}


def _strip(graph: onnx.GraphProto) -> None:
    """Take out what the exporter noted about source code, and the folders that it lies in."""
    values = (*graph.input, *graph.output, *graph.value_info, *graph.initializer)
    for part in (graph, *graph.node, *values):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _strip(attribute.g)
