"""From a torch module to an ONNX graph: the whole way from tokens to the vector that is scored.

Shapes: B batch, T tokens, D dimensions.
"""

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

    def __init__(self, encoder: nn.Module, dimension: int, *, normalised: bool) -> None:
        super().__init__()
        self.encoder = encoder
        self.normalised = normalised
        self.register_buffer(CENTRE, torch.zeros(dimension))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The vectors (B×D) of token ids and mask (B×T)."""
        vectors_BD: Tensor = self.encoder(input_ids, attention_mask)
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
    marked = NewsVectors(vectors.encoder, dimension, normalised=vectors.normalised)
    # The exporter folds zeros away, and merges equal constants: the centre must be like no other.
    marked.centre_D.copy_(torch.linspace(-1, 1, dimension))
    model = _traced(marked)
    _strip(model.graph)
    onnx.save(model, path)
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


def _traced(vectors: NewsVectors) -> onnx.ModelProto:
    # Two tensors: given the same one twice, the exporter takes the two inputs for one.
    example = (torch.ones(3, 7, dtype=torch.int64), torch.ones(3, 7, dtype=torch.int64))
    any_size = {0: Dim("batch"), 1: Dim("tokens")}
    try:
        with quiet(), torch.no_grad():
            program = torch.onnx.export(
                vectors.eval(),
                example,
                input_names=list(INPUTS),
                output_names=[OUTPUT],
                dynamic_shapes=dict.fromkeys(INPUTS, any_size),
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise ExportFailed(f"torch cannot export this encoder: {reason}") from error
    model: onnx.ModelProto = program.model_proto  # type: ignore[union-attr]
    return model


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
