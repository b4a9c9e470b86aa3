"""Texts as token ids, made once and memory-mapped.

Shapes: N texts, T tokens, B batch.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TokenTable:
    """The token ids of every text (N×T, padded with zeros on the right) and their numbers (N)."""

    ids_NT: Int32
    lengths_N: Int64

    def __len__(self) -> int:
        return len(self.lengths_N)

    def batch(self, rows: Int64) -> tuple[Int64, Int64]:
        """Token ids and mask (B×T) of some rows, as wide as the longest of them, at least 1."""
        lengths_B = self.lengths_N[rows]
        longest = max(int(lengths_B.max(initial=1)), 1)
        mask_BT = (np.arange(longest) < lengths_B[:, np.newaxis]).astype(np.int64)
        return self.ids_NT[rows, :longest].astype(np.int64), mask_BT


def tokenise(
    tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int, cache: Path | None = None
) -> TokenTable:
    """Each text's first ``max_tokens`` tokens; an empty text has none, not even special ones.

    With a ``cache`` folder the table is kept there under a digest of all that it depends on, and
    the next call maps the file instead of tokenising again.
    """
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    if cache is None:
        return _tokenised(tokenizer, texts, max_tokens)
    path = cache / f"tokens-{_digest(tokenizer, texts)}.npy"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        table = _tokenised(tokenizer, texts, max_tokens)
        staged = path.with_suffix(f".{uuid.uuid4().hex}.part")
        with staged.open("wb") as file:
            np.save(file, np.column_stack([table.lengths_N.astype(np.int32), table.ids_NT]))
        staged.replace(path)
    stored = np.load(path, mmap_mode="r")
    return TokenTable(stored[:, 1:], np.asarray(stored[:, 0], np.int64))


def _tokenised(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> TokenTable:
    encodings = tokenizer.encode_batch_fast(list(texts))
    lengths_N = np.array(
        [len(e.ids) if text else 0 for e, text in zip(encodings, texts, strict=True)], np.int64
    )
    ids_NT = np.zeros((len(texts), max(int(lengths_N.max(initial=1)), 1)), np.int32)
    for row, (encoding, length) in enumerate(zip(encodings, lengths_N.tolist(), strict=True)):
        ids_NT[row, :length] = encoding.ids[:length]
    return TokenTable(ids_NT, lengths_N)


def _digest(tokenizer: Tokenizer, texts: Sequence[str]) -> str:
    digest = hashlib.sha256(tokenizer.to_str().encode())
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:16]
