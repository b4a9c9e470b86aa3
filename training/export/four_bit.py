"""Embedding tables whose values lie on a four-bit grid, packed without loss.

A row is cut into blocks of 32 values, each ``(integer − 8) · step`` with an integer in [0, 15]
and one float16 step a block: the format known as Q4_0. A table that was made so keeps its values
to the last bit in 0.5625 bytes a value. Looking rows up takes standard operators: a row of D
values is stored as D/2 bytes, the first half of the row in the low four bits, the second half in
the high ones, so that unpacking is one concatenation.

Shapes: V tokens in the vocabulary, D dimensions, N blocks in a row (D/32).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto

from training.export.onnx_rewriting import Rewriting

BLOCK: Final = 32
MIDDLE: Final = 8
BITS: Final = 4
LARGEST: Final = MIDDLE * float(np.finfo(np.float16).max)
"""What a float16 step can reach."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class PackedTable:
    """``packed`` (V×D/2, two integers a byte) and the steps (V×N) of the blocks."""

    packed: NDArray[np.uint8]
    steps_VN: NDArray[np.float16]


def packed_exactly(table_VD: Float32) -> PackedTable | None:
    """The table in four bits, or None if it does not lie on such a grid."""
    rows, dimension = table_VD.shape
    if dimension % (2 * BLOCK):
        return None
    blocks = table_VD.reshape(rows, -1, BLOCK)
    if not np.abs(blocks).max(initial=0) <= LARGEST:
        return None
    steps_VN = _steps(blocks)
    divisor = np.where(steps_VN == 0, 1, steps_VN).astype(np.float32)[..., np.newaxis]
    integers = np.rint(blocks / divisor) + MIDDLE
    if not ((integers >= 0) & (integers <= 15)).all():
        return None
    if not np.array_equal((integers - MIDDLE).astype(np.float32) * divisor, blocks):
        return None
    low, high = np.split(integers.astype(np.uint8).reshape(rows, dimension), 2, axis=1)
    return PackedTable(low | (high << BITS), steps_VN)


def _steps(blocks: Float32) -> NDArray[np.float16]:
    """The step of each block: its largest value in magnitude stands at the grid's end, −8."""
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[..., np.newaxis], axis=2)
    steps: NDArray[np.float16] = (largest[..., 0] / -MIDDLE).astype(np.float16)
    return steps


def look_up(graph: Rewriting, node: NodeProto, table: PackedTable) -> None:
    """Replace the look-up ``node`` by one in the packed table."""
    name, ids, result = node.input[0], node.input[1], node.output[0]
    packed = graph.node("Gather", graph.constant(f"{name}.packed", table.packed), ids)
    low = graph.node("BitwiseAnd", packed, graph.constant("four_bit.low", np.uint8(15)))
    high = graph.node(
        "BitShift", packed, graph.constant("four_bit.bits", np.uint8(BITS)), direction="RIGHT"
    )
    integers = graph.node("Concat", low, high, axis=-1, output=f"{result}.integers")
    around_zero = graph.node(
        "Sub",
        graph.node("Cast", integers, to=TensorProto.FLOAT),
        graph.constant("four_bit.middle", np.float32(MIDDLE)),
    )
    blocks = graph.node(
        "Reshape", around_zero, graph.constant("four_bit.blocks", np.array([0, 0, -1, BLOCK]))
    )
    steps = graph.node("Gather", graph.constant(f"{name}.steps", table.steps_VN), ids)
    steps = graph.node("Cast", steps, to=TensorProto.FLOAT)
    steps = graph.node("Unsqueeze", steps, graph.constant("four_bit.last_axis", np.array([-1])))
    row = graph.constant("four_bit.row", np.array([0, 0, table.packed.shape[1] * 2]))
    graph.node("Reshape", graph.node("Mul", blocks, steps), row, output=result)
