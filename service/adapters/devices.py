"""Where the encoder runs."""

from typing import Literal

import onnxruntime as ort

from service.errors import SetupError


def chosen_device(wanted: Literal["auto", "cpu", "cuda"]) -> Literal["cpu", "cuda"]:
    """``cuda`` where ONNX Runtime can use a GPU, unless the CPU is asked for.

    Raises SetupError if a GPU is demanded and none can be used.
    """
    can = "CUDAExecutionProvider" in ort.get_available_providers()
    if wanted == "cpu" or (wanted == "auto" and not can):
        return "cpu"
    if not can:
        raise SetupError(
            "NEWSSTAND_DEVICE=cuda, but ONNX Runtime finds no CUDA here; "
            "install newsstand[gpu] on a machine with a GPU, or use auto"
        )
    return "cuda"
