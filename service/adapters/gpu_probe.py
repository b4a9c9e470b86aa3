"""A process that ends with status 0 if ONNX Runtime computes on a GPU, and else says why not."""

import sys
from typing import Final

import numpy as np
import onnxruntime as ort

from model_store.errors import NoGpu
from model_store.sessions import CPU, CUDA, CUDA_OPTIONS, prepare_cuda

IDENTITY: Final = bytes.fromhex(
    "0808"  # IR version 8
    "3a33"  # the graph:
    "0a10" "0a0178" "120179" "22084964656e74697479"  # y = Identity(x)
    "120170"  # its name, p
    "5a0d" "0a0178" "1208" "0a06" "0801" "1202" "0a00"  # x: one dimension of any size, float32
    "620d" "0a0179" "1208" "0a06" "0801" "1202" "0a00"  # y likewise
    "4202" "100d"  # opset 13
)  # fmt: skip
"""The smallest graph there is, as ONNX (protobuf) writes it."""


def main() -> None:
    """Run the graph on the GPU. Raises SystemExit with the reason, or whatever ONNX Runtime raises,
    where that fails.
    """
    try:
        prepare_cuda()
    except NoGpu as error:
        sys.exit(str(error))
    providers = [(CUDA, CUDA_OPTIONS), CPU]
    session = ort.InferenceSession(IDENTITY, None, providers, enable_fallback=0)
    if CUDA not in session.get_providers():
        sys.exit(1)  # ONNX Runtime has written the cause itself
    x = ort.OrtValue.ortvalue_from_numpy(np.ones(1, np.float32), "cuda", 0)
    (y,) = session.run_with_ort_values(None, {"x": x})
    if y.numpy()[0] != 1:
        sys.exit("a number came back from the GPU as another")


if __name__ == "__main__":
    main()
