"""Which slot of a Cluster a command belongs to: that of its first key."""

from typing import Final

from redis.crc import key_slot

from service.adapters.redis.scripts import Argument, Command

SLOTS: Final = 16_384
KEY_AT: Final = {"EVALSHA": 3, "MEMORY": 2, "OBJECT": 2, "XINFO": 2}
KEYLESS: Final = frozenset(
    {"PING", "INFO", "DBSIZE", "SCRIPT", "CLUSTER", "TIME", "CONFIG", "WAIT", "BGREWRITEAOF"}
)


def slot_of(command: Command) -> int | None:
    """The slot, None for a command that any node can answer."""
    name = str(command[0])
    if name in KEYLESS:
        return None
    if name == "XREAD":
        return slot_of_key(command[command.index("STREAMS") + 1])
    return slot_of_key(command[KEY_AT.get(name, 1)])


def slot_of_key(key: Argument) -> int:
    """The key's slot."""
    return key_slot(key if isinstance(key, bytes) else str(key).encode())
