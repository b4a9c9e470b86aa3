"""Keys for a service of a test's own."""

from datetime import UTC, datetime
from pathlib import Path

from service.adapters.key_file import changing_keys
from service.domain.api_key import KeyScope, new_key

Headers = dict[str, str]


class Keys:
    """A keys file as ``newsstand keys`` writes it, and headers with a key in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shown: list[str] = []
        with changing_keys(path) as change:
            change.to(change.keyring)

    def create(self, name: str, *scopes: KeyScope, rate: float | None = None) -> Headers:
        """Make a key; the headers that bear it."""
        shown, kept = new_key(name, scopes, rate, datetime.now(UTC))
        with changing_keys(self.path) as change:
            change.to(change.keyring.adding(kept))
        self.shown.append(shown)
        return {"authorization": f"Bearer {shown}"}

    def revoke(self, name: str) -> None:
        """Revoke a key."""
        with changing_keys(self.path) as change:
            change.to(change.keyring.without(name))
