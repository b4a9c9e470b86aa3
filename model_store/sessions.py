"""ONNX Runtime sessions, opened as serving runs them, and the two ways to run one.

Shapes: B batch, T tokens, D dimensions.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal, Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from model_store.errors import Damaged, NoGpu

Device = Literal["cpu", "cuda"]
Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

CUDA: Final = "CUDAExecutionProvider"
CPU: Final = "CPUExecutionProvider"
CUDA_OPTIONS: Final = {
    # The arena grows by what a batch needs, not to the next power of two.
    "arena_extend_strategy": "kSameAsRequested",
    # TF32 keeps 10 bits of the 23: fp32 vectors would no longer be the CPU's.
    "use_tf32": "0",
}


def open_session(path: Path, device: Device = "cpu", threads: int = 0) -> ort.InferenceSession:
    """An ONNX file, loaded as serving runs it; ``threads`` 0 means one per core.

    Raises Damaged if it does not load, and NoGpu where ``cuda`` is asked for and cannot be used.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Spinning threads would take the cores from the requests between two batches.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return _on_cuda(path, options) if device == "cuda" else _on_cpu(path, options)


def _on_cpu(path: Path, options: ort.SessionOptions) -> ort.InferenceSession:
    try:
        # On a CPU the fused operator takes four times as long as the two that it replaces.
        return ort.InferenceSession(
            str(path), options, [CPU], disabled_optimizers=["SkipLayerNormFusion"]
        )
    except Exception as error:
        raise Damaged(f"{path} does not load: {error}") from error


def _on_cuda(path: Path, options: ort.SessionOptions) -> ort.InferenceSession:
    """ONNX Runtime goes on with the CPU alone where its CUDA provider fails: that is an error."""
    prepare_cuda()
    providers = [(CUDA, CUDA_OPTIONS), CPU]
    try:
        session = ort.InferenceSession(str(path), options, providers, enable_fallback=0)
    except Exception as error:
        _on_cpu(path, options)  # a file that is at fault does not load here either
        raise NoGpu(f"{path} does not load on the GPU: {error}") from error
    if CUDA not in session.get_providers():
        raise NoGpu(f"{path} does not load on the GPU: ONNX Runtime's CUDA provider failed")
    return session


def prepare_cuda() -> None:
    """Let CUDA and cuDNN be found where pip has put them. Raises NoGpu where this ONNX Runtime is
    one for CPUs.
    """
    if CUDA not in ort.get_available_providers():
        raise NoGpu("the installed ONNX Runtime is one for CPUs: install newsstand[gpu]")
    ort.preload_dlls()


class Run(Protocol):
    """One batch through a session."""

    def __call__(self, given: Mapping[str, Int64]) -> Float32:
        """The first output of a batch of named inputs."""
        ...


class Plain:
    """Runs batches of any shape. Safe to share by threads."""

    def __init__(self, session: ort.InferenceSession, inputs: Sequence[str]) -> None:
        self._session = session
        self._inputs = inputs

    def __call__(self, given: Mapping[str, Int64]) -> Float32:
        """See ``Run``."""
        vectors: Float32 = self._session.run(None, {name: given[name] for name in self._inputs})[0]
        return vectors


class Bound:
    """Runs batches of few shapes. Each shape keeps its memory on the device, so that it is meant
    for ``batching.Buckets``. Safe to share by threads: one batch runs at a time.
    """

    def __init__(
        self, session: ort.InferenceSession, inputs: Sequence[str], device: Device
    ) -> None:
        self._session = session
        self._inputs = inputs
        self._output = session.get_outputs()[0].name
        self._device = device
        self._of_shape: dict[tuple[tuple[int, ...], ...], _Kept] = {}
        self._lock = Lock()

    def __call__(self, given: Mapping[str, Int64]) -> Float32:
        """See ``Run``."""
        with self._lock:
            kept = self._kept([given[name] for name in self._inputs])
            self._session.run_with_iobinding(kept.binding)
            # Copied: on a CPU it is the kept memory itself, which the next batch writes over.
            return np.array(kept.binding.copy_outputs_to_cpu()[0])

    def _kept(self, arrays: Sequence[Int64]) -> "_Kept":
        """The memory of the arrays' shapes, filled with them."""
        shapes = tuple(array.shape for array in arrays)
        kept = self._of_shape.get(shapes)
        if kept is None:
            kept = self._of_shape[shapes] = _Kept(self._session, self._inputs, shapes, self._device)
            kept.binding.bind_output(self._output, self._device)
        for value, array in zip(kept.values, arrays, strict=True):
            value.update_inplace(array)
        return kept


class _Kept:
    """A binding and the inputs' memory on the device, for batches of one shape."""

    def __init__(
        self,
        session: ort.InferenceSession,
        inputs: Sequence[str],
        shapes: Sequence[tuple[int, ...]],
        device: Device,
    ) -> None:
        self.binding: Any = session.io_binding()
        self.values = [
            ort.OrtValue.ortvalue_from_shape_and_type(list(shape), np.int64, device)
            for shape in shapes
        ]
        for name, value in zip(inputs, self.values, strict=True):
            self.binding.bind_ortvalue_input(name, value)
