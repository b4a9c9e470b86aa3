"""Which variant a reader gets, by a stable hash: all processes agree, and nothing is stored."""

import hashlib
from collections.abc import Mapping
from typing import Final

SUM_TOLERANCE: Final = 1e-9
_RANGE: Final = 2**64


def variant_of(experiment: str, salt: str, user_id: str, shares: Mapping[str, float]) -> str:
    """The reader's variant: BLAKE2b-64 of ``experiment NUL salt NUL user_id`` as a number in
    [0, 1), walked over the shares in their order. Raises ValueError unless these sum to 1.
    """
    if abs(sum(shares.values()) - 1) > SUM_TOLERANCE:
        raise ValueError("the shares do not sum to 1")
    text = "\0".join((experiment, salt, user_id)).encode()
    place = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") / _RANGE
    end = 0.0
    for variant, share in shares.items():
        end += share
        if place < end:
            return variant
    return variant
