"""What a machine remembers of its state store from one start to the next.

With it a store that came back empty is told from a new one, and a service can start, to read, while
the store is away. The file holds a key: nobody but its owner may read it.
"""

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

FILE: Final = "store.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Memory:
    """``identity`` as ``redis.identity`` knows it; ``cursor_key`` in hexadecimal digits; ``model``
    is the active one, None if none was ever asked for.
    """

    identity: str
    cursor_key: str
    model: str | None = None

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """What is remembered there; None if nothing is, or, which is logged, nothing that can be
        read: then a store that came back empty is taken for a new one.
        """
        try:
            return cls(**json.loads((folder / FILE).read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            _log.error("%s cannot be read, the store is not known: %s", folder / FILE, error)
            return None

    def keep(self, folder: Path) -> None:
        """Remember it, in one step."""
        folder.mkdir(parents=True, exist_ok=True)
        staged = folder / f"{FILE}.{os.getpid()}"
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(self), file)
        staged.replace(folder / FILE)
