"""Sharing the difficulty of rounding between activations and weights (SmoothQuant).

A few channels of a transformer's activations are many times larger than the others, and a row's
scale then leaves the others few steps. Dividing channel ``k`` by ``t_k`` and multiplying the
weights that read it by ``t_k`` changes nothing but the rounding. Xiao et al., arXiv 2211.10438,
equation 4 with α = ½: ``t_k = √(max|x_k| / max|W_k·|)``.

Shapes: K inputs of a layer, N outputs.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper
from tokenizers import Encoding

from model_store.news_encoder import batches, pad

Float32 = NDArray[np.float32]


def smoothing_factors(largest_K: Float32, weights_KN: Iterable[Float32]) -> Float32:
    """The factors (K,) for an input whose channels reach ``largest_K`` and all layers that read it.

    A channel that is always zero, or that no weight reads, keeps the factor 1.
    """
    weights_K = np.max([np.abs(weights).max(axis=1) for weights in weights_KN], axis=0)
    usable_K = (largest_K > 0) & (weights_K > 0)
    ratio_K = np.divide(largest_K, weights_K, out=np.ones_like(largest_K), where=usable_K)
    factors_K: Float32 = np.sqrt(ratio_K, dtype=np.float32)
    return factors_K


def largest_inputs(
    model: onnx.ModelProto, names: Iterable[str], texts: Sequence[Encoding]
) -> dict[str, Float32]:
    """The largest magnitude (K,) that each channel of the named tensors reaches over the texts."""
    names = list(dict.fromkeys(names))
    if not names:
        return {}
    session = ort.InferenceSession(
        _showing(model, names).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    largest: dict[str, Float32] = {}
    for rows in batches([len(text.ids) for text in texts]):
        input_ids_BT, attention_mask_BT = pad([texts[row] for row in rows])
        given = {"input_ids": input_ids_BT, "attention_mask": attention_mask_BT}
        for name, values in zip(names, session.run(names, given), strict=True):
            reached_K = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0)
            largest[name] = np.maximum(largest.get(name, reached_K), reached_K)
    return largest


def _showing(model: onnx.ModelProto, names: Iterable[str]) -> onnx.ModelProto:
    """The model with the named tensors as further outputs."""
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    shown.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
    )
    return shown
