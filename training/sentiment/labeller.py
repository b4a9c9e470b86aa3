"""What a labeller is, and the three labels."""

from collections.abc import Callable, Sequence
from typing import Final

SENTIMENTS: Final = ("negative", "neutral", "positive")

Labeller = Callable[[Sequence[str]], list[str]]
"""One of SENTIMENTS for each text."""
