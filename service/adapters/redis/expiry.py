"""Moments of expiry, as Redis tells and takes them."""


def moment(told: int) -> int | None:
    """The expiry (ms since 1970) that PEXPIRETIME told, None for a key that never expires."""
    return None if told < 0 else told


def argument(expires_ms: int | None) -> int | str:
    """The expiry as scripts take it."""
    return "" if expires_ms is None else expires_ms
