"""How a layer's input is best rounded to eight bits, from what it holds for texts like ours.

Two things make rounding a transformer's activations row by row lossy, and each has its remedy.

A few channels are many times larger than the others and take the row's steps for themselves:
dividing channel ``k`` by ``t_k`` and multiplying the weights that read it by ``t_k`` changes
nothing but the rounding. Xiao et al. (SmoothQuant, arXiv 2211.10438), equation 4 with α = ½:
``t_k = √(max|x_k| / max|W_k·|)``.

After GELU or ReLU a row is all but positive, and half of the integers would stand for nothing:
there the zero point moves instead.

Shapes: K inputs of a layer, N outputs, R rows (one for each token).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper

from model_store.tokens import NewsTokens, batches, padded

HIGHEST: Final = 255
MIDDLE: Final = 128
SKEWED: Final = 64
"""An input whose best zero point is below this is moved rather than smoothed."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Rounding:
    """How one input's rows become integers in [0, 255]: ``round(x_k / (t_k s)) + zero``."""

    factors_K: Float32
    zero: int


@dataclass(frozen=True)
class Observed:
    """What one input held: each channel's largest magnitude, each row's extremes."""

    largest_K: Float32
    lowest_R: Float32
    highest_R: Float32


def best_rounding(observed: Observed, weights_KN: Iterable[Float32]) -> Rounding:
    """The rounding for an input, given the weights of every layer that reads it."""
    zero = best_zero(observed.lowest_R, observed.highest_R)
    if zero < SKEWED:
        return Rounding(np.ones_like(observed.largest_K), zero)
    return Rounding(smoothing_factors(observed.largest_K, weights_KN), MIDDLE)


def best_zero(lowest_R: Float32, highest_R: Float32) -> int:
    """The zero point in [1, 128] for which the rows' steps are smallest, in mean square."""
    zeros = np.arange(1, MIDDLE + 1)
    steps = [np.maximum(highest_R / (HIGHEST - zero), -lowest_R / zero) for zero in zeros]
    return int(zeros[np.argmin([np.square(step_R).mean() for step_R in steps])])


def smoothing_factors(largest_K: Float32, weights_KN: Iterable[Float32]) -> Float32:
    """The factors (K,) that share the rounding between an input and the weights that read it.

    A channel that is always zero, or that no weight reads, keeps the factor 1.
    """
    weights_K = np.max([np.abs(weights).max(axis=1) for weights in weights_KN], axis=0)
    usable_K = (largest_K > 0) & (weights_K > 0)
    ratio_K = np.divide(largest_K, weights_K, out=np.ones_like(largest_K), where=usable_K)
    factors_K: Float32 = np.sqrt(ratio_K, dtype=np.float32)
    return factors_K


def observe(
    model: onnx.ModelProto, names: Iterable[str], texts: Sequence[NewsTokens]
) -> dict[str, Observed]:
    """What the named tensors of the model hold while it encodes the texts."""
    names = list(dict.fromkeys(names))
    if not names:
        return {}
    session = ort.InferenceSession(
        _showing(model, names).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    seen: dict[str, list[Observed]] = {name: [] for name in names}
    inputs = [given.name for given in session.get_inputs()]
    for rows in batches([text.shape for text in texts]):
        every = padded([texts[row] for row in rows])
        given = {name: every[name] for name in inputs}
        for name, values in zip(names, session.run(names, given), strict=True):
            values_RK = values.reshape(-1, values.shape[-1])
            seen[name].append(
                Observed(
                    np.abs(values_RK).max(axis=0), values_RK.min(axis=1), values_RK.max(axis=1)
                )
            )
    return {name: _together(parts) for name, parts in seen.items()}


def _together(parts: Sequence[Observed]) -> Observed:
    return Observed(
        np.max([part.largest_K for part in parts], axis=0),
        np.concatenate([part.lowest_R for part in parts]),
        np.concatenate([part.highest_R for part in parts]),
    )


def _showing(model: onnx.ModelProto, names: Iterable[str]) -> onnx.ModelProto:
    """The model with the named tensors as further outputs."""
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    shown.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
    )
    return shown
