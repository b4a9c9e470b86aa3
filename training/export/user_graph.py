"""A user encoder as an ONNX file, checked against torch.

Inputs ``history_vectors`` (B×H×D, float32), ``mask`` (B×H, int64) and, for models with readers'
own vectors, ``long_term`` (B×L); outputs ``user_vectors`` (B×D) and, where the vector is a sum over
the clicks, ``terms`` (B×H×D).

Shapes: B batch, H history, D dimensions, L dimensions of a long-term vector, U readers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.export import Dim

from model_store import layout
from model_store.long_term import write_long_term
from model_store.sessions import open_session
from model_store.user_encoder import HISTORY, LONG_TERM, MASK, TERMS, USER_VECTORS
from model_store.writer import Signature
from training.errors import ParityRefused
from training.export.graph import Tracing, traced
from training.models.users.encoder import OneVector, Summed

LARGEST_DIFFERENCE: Final = 1e-4
"""Of any component, relative to the mean length of torch's vectors."""
CHECKED: Final = (1, 2, 7, 50)
"""The lengths of the histories that the file is checked with."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class TrainedUsers:
    """A user encoder, and the readers who have a vector of their own (U×L), by id."""

    module: OneVector
    user_ids: Sequence[str] = ()
    long_term_UL: Float32 | None = None


class _Graph(nn.Module):
    """The outputs that the artefact names."""

    def __init__(self, users: OneVector) -> None:
        super().__init__()
        self.users = users

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        history_BHD, mask_BH = inputs[:2]
        if not isinstance(self.users, Summed):
            return (self.users(history_BHD, mask_BH, inputs[2] if len(inputs) > 2 else None),)
        terms_BHD = self.users.terms(history_BHD, mask_BH)
        return terms_BHD.sum(dim=1), terms_BHD


def write_users(users: TrainedUsers, dimension: int, folder: Path) -> Signature:
    """Write ``user_encoder.onnx`` and, where readers have vectors, ``long_term_users.npz``.

    Raises ExportFailed, and ParityRefused where the file's vectors are not torch's.
    """
    module = users.module.eval()
    inputs = [HISTORY, MASK]
    if module.long_term_dimension:
        inputs.append(LONG_TERM)
        assert users.long_term_UL is not None
        write_long_term(folder / layout.LONG_TERM_USERS, users.user_ids, users.long_term_UL)
    outputs = [USER_VECTORS, TERMS] if isinstance(module, Summed) else [USER_VECTORS]
    path = folder / layout.USER_ENCODER
    _write(_Graph(module), inputs, outputs, dimension, path)
    _check(_Graph(module), path, inputs, outputs, dimension)
    return tuple(inputs), tuple(outputs)


def _write(
    graph: _Graph, inputs: Sequence[str], outputs: Sequence[str], dimension: int, path: Path
) -> None:
    batch, history = Dim("batch"), Dim("history")
    sizes = ({0: batch, 1: history}, {0: batch, 1: history}, {0: batch})[: len(inputs)]
    tracing = Tracing(inputs, outputs, _example(graph.users, dimension, 3, 7), sizes)
    onnx.save(traced(graph, tracing, "user encoder"), path)


def _check(
    graph: _Graph, path: Path, inputs: Sequence[str], outputs: Sequence[str], dimension: int
) -> None:
    """Raises ParityRefused for a file whose outputs are not torch's, or change with padding."""
    session = open_session(path, threads=1)
    for length in CHECKED:
        example = _example(graph.users, dimension, 3, length)
        example[1][1:, length // 2 :] = 0  # two readers with fewer clicks and padding behind
        given = {name: value.numpy() for name, value in zip(inputs, example, strict=True)}
        with torch.inference_mode():
            expected = graph(*example)
        for name, theirs, ours in zip(outputs, expected, session.run(None, given), strict=True):
            scale = float(theirs.norm(dim=-1).max()) or 1.0
            difference = float(np.abs(theirs.numpy() - ours).max()) / scale
            if not difference <= LARGEST_DIFFERENCE:
                raise ParityRefused(
                    f"the user encoder's {name} differ from torch's by {difference:.1e}"
                )


def _example(users: OneVector, dimension: int, batch: int, length: int) -> tuple[Tensor, ...]:
    random = torch.Generator().manual_seed(length)
    history_BHD = torch.randn(batch, length, dimension, generator=random)
    mask_BH = torch.ones(batch, length, dtype=torch.int64)
    if not users.long_term_dimension:
        return history_BHD, mask_BH
    return history_BHD, mask_BH, torch.randn(batch, users.long_term_dimension, generator=random)
