"""Which news goes through an encoder together, and how wide its rows are.

On a CPU every batch is of one exact shape: nothing is padded to another's length, and a vector is
the same to the last bit in any company. A GPU wants few shapes, each of them many times: there
rows are padded to the next of a few widths, and batches to the next of a few sizes.

Shapes: B batch, T tokens.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Protocol, Self

from model_store.manifest import Manifest
from model_store.tokens import Int64, NewsTokens, Shape, batch_size, padded

WIDTHS: Final = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096, 8192)
SIZES: Final = (1, 8, 16, 32, 64, 128, 256)
TOKENS: Final = 16_384
"""A batch on a GPU holds at most so many tokens, padding included."""

BatchShape = tuple[int, Shape]
"""How many rows a batch has, and how wide they are: text and abstract."""


class Batching(Protocol):
    """How news becomes batches."""

    def shape(self, item: NewsTokens) -> Shape:
        """What news must have in common to go into one batch."""
        ...

    def size(self, shape: Shape) -> int:
        """How much news of one shape a batch holds at most."""
        ...

    def filled(self, tokens: Sequence[NewsTokens]) -> Mapping[str, Int64]:
        """A batch of news of one shape, as the encoder is given it. The news comes first; rows
        behind it are copies, to be thrown away.
        """
        ...

    def shapes(self) -> Sequence[BatchShape]:
        """What is to be run once before the first request: so many rows, of so many tokens each."""
        ...


@dataclass(frozen=True, slots=True)
class Exact:
    """Batches of one exact shape. ``text`` and ``abstract``: the most tokens that each has."""

    text: int
    abstract: int = 0

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """For an artefact."""
        return cls(
            manifest.text.max_tokens, manifest.abstract.max_tokens if manifest.abstract else 0
        )

    def shape(self, item: NewsTokens) -> Shape:
        """See ``Batching``."""
        return item.shape

    def size(self, shape: Shape) -> int:
        """See ``Batching``."""
        return batch_size(shape)

    def filled(self, tokens: Sequence[NewsTokens]) -> Mapping[str, Int64]:
        """See ``Batching``."""
        # A text alone takes other kernels, whose last bits differ: it is given its own company.
        return padded(tokens if len(tokens) > 1 else [*tokens, *tokens])

    def shapes(self) -> Sequence[BatchShape]:
        """See ``Batching``. A width that is new costs nothing on a CPU (measured with all-MiniLM-L6
        in fp32 and int8), the first run of all a few milliseconds; and the fullest batch takes the
        memory, once, that all others use again.
        """
        widest = NewsTokens([0] * self.text, [0] * self.abstract, 0, 0).shape
        full = max(2, self.size(widest))
        return [(2, (1, 0)), (full, (self.text, self.abstract))]


@dataclass(frozen=True, slots=True)
class Buckets:
    """Batches of few shapes. ``text`` and ``abstract``: the widths that each may have, ascending.

    A vector depends on its company by rounding alone: in fp32 by less than 1e-5.
    """

    text: tuple[int, ...]
    abstract: tuple[int, ...] = (0,)
    sizes: tuple[int, ...] = SIZES
    tokens: int = TOKENS

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """For an artefact: no row is wider than the most tokens that its encoder reads."""
        abstract = manifest.abstract
        return cls(
            widths(manifest.text.max_tokens),
            (0,) if abstract is None else (0, *widths(abstract.max_tokens)),
        )

    def shape(self, item: NewsTokens) -> Shape:
        """See ``Batching``."""
        return (
            _next(self.text, len(item.ids)),
            _next(self.abstract, len(item.abstract_ids)),
        )

    def size(self, shape: Shape) -> int:
        """See ``Batching``."""
        return self._sizes(shape)[-1]

    def filled(self, tokens: Sequence[NewsTokens]) -> Mapping[str, Int64]:
        """See ``Batching``."""
        shape = self.shape(tokens[0])
        missing = _next(self._sizes(shape), len(tokens)) - len(tokens)
        return padded([*tokens, *[tokens[-1]] * missing], shape)

    def shapes(self) -> Sequence[BatchShape]:
        """See ``Batching``. These are all that there are."""
        return [
            (size, shape)
            for shape in product(self.text, self.abstract)
            for size in self._sizes(shape)
        ]

    def _sizes(self, shape: Shape) -> Sequence[int]:
        fitting = [size for size in self.sizes if size * sum(shape) <= self.tokens]
        return fitting or self.sizes[:1]


def widths(most: int) -> tuple[int, ...]:
    """The widths of rows that hold at most so many tokens."""
    return (*(width for width in WIDTHS if width < most), most)


def _next(steps: Sequence[int], least: int) -> int:
    """The first of the ascending steps that is not below ``least``."""
    return steps[bisect_left(steps, least)]
