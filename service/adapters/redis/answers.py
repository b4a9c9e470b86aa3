"""Answers as Python values: what redis-py makes of each command's, such as a dict of a hash."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import redis

from service.adapters.redis.scripts import Command

PROTOCOL: Final = 2
_MADE: Final[Mapping[str, Callable[[Any], Any]]] = redis.Redis(protocol=PROTOCOL).response_callbacks


def read(command: Command, answer: Any) -> Any:
    """The answer to the command; what no meaning is known of, as it came."""
    make = _MADE.get(str(command[0]))
    return answer if make is None else make(answer)
