"""How far an ONNX encoder's vectors lie from torch's, and how far is too far.

Shapes: N texts, D dimensions.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_store.manifest import INT8_LOW_COSINE, INT8_MEAN_COSINE, Parity, Precision
from model_store.tokens import NewsTokens
from training.data.texts import evenly
from training.errors import ParityRefused
from training.export.vectors import Run

FP32_LARGEST_DIFFERENCE: Final = 1e-4
"""An fp32 file may differ from torch by so much in any component, of vectors of mean length 1."""
FP32_COMPANY_DIFFERENCE: Final = 1e-5
LARGEST_COMPONENT: Final = 6_000.0
"""A tenth of what float16 holds, since news to come may reach further."""
COMPANY_COSINE: Final = 0.9999
"""How close a vector stays to itself whatever its batch mates and its padding are."""
COMPANY_TEXTS: Final = 16
LOW_PERCENTILE: Final = 0.1
LEAST_COSINES: Final[Mapping[Precision, tuple[float, float]]] = {
    "int8": (INT8_MEAN_COSINE, INT8_LOW_COSINE),
    "fp16": (0.9999, 0.999),
}
"""Of the other precisions: the mean cosine with torch's vectors, and the 0.1 percentile."""

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def measure(torch_ND: Float32, onnx_ND: Float32) -> Parity:
    """Compare the vectors (N×D) of the same texts.

    The largest difference is relative to the mean length of torch's vectors, which is 1 for an
    encoder that normalises. Raises ParityRefused for vectors that are not numbers.
    """
    if not np.isfinite(onnx_ND).all():
        raise ParityRefused("the exported encoder gives vectors that are not numbers")
    if np.abs(onnx_ND).max() > LARGEST_COMPONENT:
        raise ParityRefused(
            f"the vectors reach {np.abs(onnx_ND).max():.0f}: served in float16, they would overflow"
        )
    cosine_N = cosines(torch_ND, onnx_ND)
    length = float(np.linalg.norm(torch_ND, axis=1).mean())
    return Parity(
        max_absolute_difference=float(np.abs(torch_ND - onnx_ND).max()) / length,
        min_cosine=float(cosine_N.min()),
        mean_cosine=float(cosine_N.mean()),
        low_cosine=float(np.percentile(cosine_N, LOW_PERCENTILE)),
        texts=len(torch_ND),
    )


def check(precision: Precision, parity: Parity) -> None:
    """Raises ParityRefused for vectors that must not be served at this precision."""
    if precision == "fp32":
        if not parity.max_absolute_difference <= FP32_LARGEST_DIFFERENCE:
            raise ParityRefused(
                f"the fp32 vectors differ from torch's by {parity.max_absolute_difference:.1e}; "
                f"at most {FP32_LARGEST_DIFFERENCE:.0e} is allowed"
            )
        return
    least_mean, least_low = LEAST_COSINES[precision]
    for name, measured, least in (
        ("mean cosine", parity.mean_cosine, least_mean),
        ("0.1 percentile of the cosines", parity.low_cosine, least_low),
    ):
        if not measured >= least:
            raise ParityRefused(
                f"the {precision} vectors are too far from torch's: {name} {measured:.4f}, "
                f"at least {least} is needed; leave {precision} out"
            )


def check_company(precision: Precision, run: Run, texts: Sequence[NewsTokens]) -> None:
    """Raises ParityRefused if a text's vector changes with its batch mates or its padding.

    Sixteen texts from the shortest to the longest are encoded each alone, in batches of seven,
    and all together.
    """
    chosen = evenly(sorted(texts, key=lambda text: text.shape), COMPANY_TEXTS)
    alone_ND = np.concatenate([run([text]) for text in chosen])
    sevens_ND = np.concatenate([run(chosen[i : i + 7]) for i in range(0, len(chosen), 7)])
    for company_ND in (sevens_ND, run(chosen)):
        changed = measure(alone_ND, company_ND)
        if not (
            changed.max_absolute_difference <= FP32_COMPANY_DIFFERENCE
            if precision == "fp32"
            else changed.min_cosine >= COMPANY_COSINE
        ):
            raise ParityRefused(
                f"the {precision} vector of a text changes with its batch mates or its padding, by "
                f"{changed.max_absolute_difference:.1e} (cosine {changed.min_cosine:.6f})"
            )


def cosines(left_ND: Float32, right_ND: Float32) -> Float64:
    """The cosine (N,) of each pair of rows; 0 where a vector is zero."""
    left, right = left_ND.astype(np.float64), right_ND.astype(np.float64)
    dots_N = np.einsum("nd,nd->n", left, right)
    lengths_N = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosine_N: Float64 = np.divide(dots_N, lengths_N, out=np.zeros_like(dots_N), where=lengths_N > 0)
    return cosine_N
