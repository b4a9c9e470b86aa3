"""The real samples, or a skipped test."""

from pathlib import Path

import pytest

from bench.data import DATA


def sample(name: str) -> Path:
    """A file or folder of the real data. Skips the test where it is absent."""
    path: Path = DATA / name
    if not path.exists():
        pytest.skip(f"the real data are not here: {path} (set NEWSSTAND_DATA)")
    return path
