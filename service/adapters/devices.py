"""Where the encoder runs, and whether a GPU that is there can be used.

That ONNX Runtime lists its CUDA provider says only how it was built. So the driver is asked for its
GPUs, and then a process of its own runs the smallest of graphs on one: what goes wrong there is the
answer, in ONNX Runtime's words, and no memory of the GPU stays taken.
"""

import ctypes
import logging
import re
import subprocess
import sys
from typing import Final, Literal

import onnxruntime as ort

from model_store.sessions import CUDA, Device
from service.errors import SetupError

Wanted = Literal["auto", "cpu", "cuda"]

DRIVER: Final = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
NO_GPU: Final = 100
"""The driver's ``CUDA_ERROR_NO_DEVICE``."""
PROBE: Final = "service.adapters.gpu_probe"
PROBE_SECONDS: Final = 120.0
_log = logging.getLogger(__name__)


def chosen_device(wanted: Wanted) -> Device:
    """``cuda`` where a GPU can be used, unless the CPU is asked for; what ``auto`` came to is said
    in the log, with the reason.

    Raises SetupError, naming the cause, if a GPU is demanded and none can be used.
    """
    if wanted == "cpu":
        return "cpu"
    reason = why_no_gpu()
    if wanted == "cuda":
        if reason is not None:
            raise SetupError(f"NEWSSTAND_DEVICE=cuda, but no GPU can be used: {reason}")
        return "cuda"
    if reason is not None:
        _log.info("the encoder runs on the CPU, for no GPU can be used: %s", reason)
        return "cpu"
    _log.info("the encoder runs on the GPU")
    return "cuda"


def why_no_gpu() -> str | None:
    """Why ONNX Runtime cannot use a GPU here; None if it can. Takes seconds where there is one."""
    if CUDA not in ort.get_available_providers():
        return "the installed ONNX Runtime is one for CPUs (pip install newsstand[gpu])"
    return why_no_driver(DRIVER) or _why_no_provider()


def why_no_driver(library: str) -> str | None:
    """Why NVIDIA's driver shows no GPU; None if it shows one."""
    try:
        driver = ctypes.CDLL(library)
    except OSError as error:
        return f"there is no NVIDIA driver ({error})"
    count = ctypes.c_int()
    failure = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    if failure not in (0, NO_GPU):
        return f"the NVIDIA driver does not start (CUDA error {failure})"
    return None if count.value else "the NVIDIA driver shows no GPU"


def _why_no_provider() -> str | None:
    try:
        probe = subprocess.run(
            [sys.executable, "-m", PROBE],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"the GPU gave no answer within {PROBE_SECONDS:.0f} seconds"
    if probe.returncode == 0:
        return None
    said = _cause(probe.stderr) or f"the probe ended with status {probe.returncode}"
    return f"ONNX Runtime's CUDA provider fails: {said}"


def _cause(said: str) -> str:
    """What was said first, which ONNX Runtime follows with its advice, or, of a Python exception,
    last; without colours.
    """
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in said.splitlines()]
    lines = [line for line in lines if line]
    raised = any(line.startswith("Traceback") for line in lines)
    return "" if not lines else lines[-1 if raised else 0]
