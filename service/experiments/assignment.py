"""Which variant of an experiment a reader sees: a hash, so that every process agrees unasked.

To reproduce it elsewhere: BLAKE2b with a digest of 8 bytes (a parameter of the hash, not a longer
digest cut short) and no key, over the UTF-8 bytes of experiment, salt and user id with one NUL
byte between them. Read the digest as a big-endian integer, drop its lowest 11 bits, divide by 2⁵³:
that is the reader's point in [0, 1). The shares, laid end to end in their order, cover [0, 1);
each variant owns the points from its start up to, but without, its end.
"""

import hashlib
import math
from collections.abc import Mapping
from itertools import accumulate


def variant_of(experiment: str, salt: str, user_id: str, shares: Mapping[str, float]) -> str:
    """The reader's variant: always the same for equal arguments, independent between experiments.

    ``shares`` are in [0, 1] and sum to 1; their order counts. Moving one boundary between two
    variants moves only the readers whose points lie between its old and new place. A new salt
    deals anew. Raises ValueError for shares that are not such.
    """
    _check(shares)
    point = point_of(experiment, salt, user_id)
    taken = [variant for variant, share in shares.items() if share > 0]
    ends = accumulate(shares[variant] for variant in taken)
    owners = (variant for variant, end in zip(taken, ends, strict=True) if point < end)
    return next(owners, taken[-1])  # rounding may leave the last end just below 1


def point_of(experiment: str, salt: str, user_id: str) -> float:
    """The reader's point, uniform in [0, 1) over readers."""
    text = "\0".join((experiment, salt, user_id))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return float((int.from_bytes(digest, "big") >> 11) / 2**53)


def _check(shares: Mapping[str, float]) -> None:
    if not all(0 <= share <= 1 for share in shares.values()):
        raise ValueError("a variant's share is a number from 0 to 1")
    total = math.fsum(shares.values())
    if not math.isclose(total, 1, abs_tol=1e-9):
        raise ValueError(f"the variants' shares sum to {total:g}, not to 1")
