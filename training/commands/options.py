"""Options that several commands share."""

from typing import Final

STORE: Final = "NEWSSTAND_MODEL_STORE"
"""The environment's name for ``--store``."""
