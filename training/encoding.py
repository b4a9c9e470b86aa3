"""Encoding news for training: each distinct item once, in buckets of like length, and nothing
that stays the same twice.

What the frozen part of a text encoder gives (``TextEncoder.kept``) is made once for every row and
kept, a state a token or a vector an item. A step walks the rest.

Shapes: N news, U distinct news of a batch, B bucket, T tokens, D dimensions, S all tokens.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor

from training.data.features import NewsFeatures
from training.data.ragged import Int64
from training.data.tokens import TokenTable
from training.models.news.encoder import Codes, NewsEncoder
from training.models.text import TextEncoder
from training.progress import tracked

BUCKET: Final = 64
"""News of like length that are encoded together."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Bucket:
    """Texts of like length: what the frozen part gave, the mask (B×T), places among the U."""

    kept: Tensor
    mask_BT: Tensor
    places_B: Tensor

    def to(self, device: torch.device) -> "Bucket":
        """The bucket on a device."""
        return Bucket(self.kept.to(device), self.mask_BT.to(device), self.places_B.to(device))


@dataclass(frozen=True, eq=False)
class NewsBatch:
    """U distinct news, as a news encoder takes them in training."""

    buckets: Mapping[str, list[Bucket]]
    present: Mapping[str, Tensor]
    codes: Codes

    def to(self, device: torch.device) -> "NewsBatch":
        """The batch on a device."""
        return NewsBatch(
            {name: [bucket.to(device) for bucket in some] for name, some in self.buckets.items()},
            {name: values.to(device) for name, values in self.present.items()},
            {name: values.to(device) for name, values in self.codes.items()},
        )


@dataclass(frozen=True, eq=False)
class KeptText:
    """One text of every news item, as far as its frozen part goes.

    ``values`` holds a row a token (S×D), from ``starts_N`` on, or a row an item (N×D).
    """

    tokens: TokenTable
    values: Float32 | None = None
    starts_N: Int64 | None = None

    def bucket(self, rows: Int64, places: Int64) -> Bucket:
        """Some rows, which stand at ``places`` among the batch's distinct news."""
        ids_BT, mask_BT = self.tokens.batch(rows)
        mask, where = torch.from_numpy(mask_BT), torch.from_numpy(places)
        if self.values is None:
            return Bucket(torch.from_numpy(ids_BT), mask, where)
        if self.starts_N is None:
            return Bucket(torch.from_numpy(self.values[rows]), mask, where)
        within = np.minimum(np.arange(mask_BT.shape[1]), self._rows_of(rows)[:, np.newaxis] - 1)
        states_BTD = self.values[self.starts_N[rows][:, np.newaxis] + within]
        return Bucket(torch.from_numpy(states_BTD), mask, where)

    def _rows_of(self, rows: Int64) -> Int64:
        return np.maximum(self.tokens.lengths_N[rows], 1)


@dataclass(frozen=True, eq=False)
class KeptNews:
    """Every news item of a log, ready to be taken a batch at a time."""

    texts: Mapping[str, KeptText]
    codes: Mapping[str, Int64]

    def batch(self, rows_U: Int64) -> NewsBatch:
        """The batch of distinct rows."""
        return NewsBatch(
            buckets={name: list(self._buckets(kept, rows_U)) for name, kept in self.texts.items()},
            present={
                name: torch.from_numpy((kept.tokens.lengths_N[rows_U] > 0).astype(np.int64))
                for name, kept in self.texts.items()
            },
            codes={name: torch.from_numpy(codes[rows_U]) for name, codes in self.codes.items()},
        )

    def _buckets(self, kept: KeptText, rows_U: Int64) -> Iterator[Bucket]:
        if kept.values is not None and kept.starts_N is None:  # vectors have no length
            yield kept.bucket(rows_U, np.arange(len(rows_U)))
            return
        order = np.argsort(kept.tokens.lengths_N[rows_U], kind="stable")
        for first in range(0, len(order), BUCKET):
            places = order[first : first + BUCKET]
            yield kept.bucket(rows_U[places], places)


def news_vectors(encoder: NewsEncoder, batch: NewsBatch) -> Tensor:
    """The news vectors (U×D) of a batch."""
    vectors = {}
    for name, text in encoder.text_encoders():
        buckets = batch.buckets[name]
        ready = text.ready([bucket.kept for bucket in buckets])
        masks = [bucket.mask_BT for bucket in buckets]
        parts = [text.after(*given) for given in zip(ready, masks, strict=True)]
        order = torch.cat([bucket.places_B for bucket in buckets])
        vectors[name] = torch.cat(parts)[torch.argsort(order)]
    return encoder.combine(vectors, batch.present, batch.codes)


def keep(
    encoder: NewsEncoder,
    features: NewsFeatures,
    rows: Int64,
    device: torch.device | str = "cpu",
    cache: Path | None = None,
) -> KeptNews:
    """Walk the frozen parts once, for ``rows``; the others are never asked for.

    With a ``cache`` folder what they give is a memory-mapped file there, under a digest of the
    weights and the tokens, which the next run takes over.
    """
    return KeptNews(
        texts={
            name: _kept_text(text, features.texts[name], rows, device, cache)
            for name, text in encoder.text_encoders()
        },
        codes=features.codes,
    )


def plain(features: NewsFeatures) -> KeptNews:
    """Nothing kept but the tokens, for encoders without a frozen part."""
    texts = {name: KeptText(tokens) for name, tokens in features.texts.items()}
    return KeptNews(texts, features.codes)


def _kept_text(
    text: TextEncoder,
    tokens: TokenTable,
    rows: Int64,
    device: torch.device | str,
    cache: Path | None,
) -> KeptText:
    if text.kept == "tokens":
        return KeptText(tokens)
    places = _Places.of(text, tokens, rows)
    dimension = text.before(*_one_token(device)).shape[-1]

    def fill(values: Float32) -> None:
        _walk(text, tokens, rows, device, places, values)

    if cache is None:
        values = np.zeros((places.count, dimension), np.float32)
        fill(values)
    else:
        path = cache / f"{text.kept}-{_digest(text, tokens, rows)}.npy"
        values = mapped(path, (places.count, dimension), fill)
    return KeptText(tokens, values, None if text.kept == "vectors" else places.starts_N)


@dataclass(frozen=True, eq=False)
class _Places:
    """Where each item's values stand: a row each for vectors, a row a token for states."""

    starts_N: Int64
    lengths_N: Int64

    @classmethod
    def of(cls, text: TextEncoder, tokens: TokenTable, rows: Int64) -> "_Places":
        lengths_N = np.zeros(len(tokens), np.int64)
        if text.kept == "vectors":
            lengths_N[rows] = 1
            return cls(np.arange(len(tokens)), lengths_N)
        lengths_N[rows] = np.maximum(tokens.lengths_N[rows], 1)
        return cls(np.cumsum(lengths_N) - lengths_N, lengths_N)

    @property
    def count(self) -> int:
        return int(self.starts_N[-1]) + max(int(self.lengths_N[-1]), 1)


def _walk(
    text: TextEncoder,
    tokens: TokenTable,
    rows: Int64,
    device: torch.device | str,
    places: _Places,
    values: Float32,
) -> None:
    """Write what the frozen part makes of ``rows`` to their places."""
    text.eval()
    order = rows[np.argsort(tokens.lengths_N[rows], kind="stable")]
    starts = range(0, len(order), BUCKET)
    for first in tracked(starts, "Frozen layers", len(starts)):
        some = order[first : first + BUCKET]
        ids_BT, mask_BT = tokens.batch(some)
        given = torch.from_numpy(ids_BT).to(device), torch.from_numpy(mask_BT).to(device)
        kept = text.before(*given).float().cpu().numpy()
        for row, states in zip(some.tolist(), kept, strict=True):
            start, length = places.starts_N[row], places.lengths_N[row]
            values[start : start + length] = states if states.ndim == 1 else states[:length]


def _one_token(device: torch.device | str) -> tuple[Tensor, Tensor]:
    one = torch.ones(1, 1, dtype=torch.int64, device=device)
    return one, one.clone()


def _digest(text: TextEncoder, tokens: TokenTable, rows: Int64) -> str:
    """What the kept values depend on: the frozen weights, how they are pooled (about which centre,
    too), and the tokens.
    """
    assert text.frozen is not None
    digest = hashlib.sha256(f"{text.pool} {text.kept}".encode())
    pooled = text.pool.state_dict() if text.kept == "vectors" else {}
    for name, weights in {**text.frozen.state_dict(), **pooled}.items():
        digest.update(name.encode() + weights.detach().cpu().numpy().tobytes())
    for values in (rows, tokens.lengths_N[rows], tokens.ids_NT[rows]):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:20]


def mapped(path: Path, shape: tuple[int, int], fill: Callable[[Float32], None]) -> Float32:
    """The array in the file, which ``fill`` fills first where it is not there.

    What is changed in memory stays there: the file is as it was written.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.with_suffix(f".{uuid.uuid4().hex}.part")
        fill(open_memmap(staged, "w+", np.float32, shape))
        staged.replace(path)
    values: Float32 = np.load(path, mmap_mode="c")
    return values
