"""What Redis says when it does not do what it is asked, as what the service says."""

from typing import Final

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    TryAgainError,
)

from service.errors import Unavailable

SAYINGS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (OutOfMemoryError, "the state store is full: give it more memory (maxmemory), or erase"),
    (ReadOnlyError, "the state store is a replica at this moment, and takes no writes"),
    (BusyLoadingError, "the state store is loading its data"),
    (MasterDownError, "the state store has lost its primary"),
    (TryAgainError, "the state store is moving these keys to another node"),
    (ClusterDownError, "the part of the cluster that holds this is down"),
    (NoPermissionError, "the state store's user may not do this: see its ACL"),
    (AuthenticationError, "the state store does not accept the user and password"),
    (TimeoutError, "the state store does not answer in time"),
)
CODES: Final = {
    "MISCONF": "the state store cannot write to its disk",
    "NOREPLICAS": "the state store has too few replicas to take writes",
    "UNKILLABLE": "the state store is busy with a script",
    "BUSY": "the state store is busy with a script",
}


def unavailable(error: BaseException) -> Unavailable:
    """The error for the caller, who may repeat. Names no address, key or value."""
    for kind, saying in SAYINGS:
        if isinstance(error, kind):
            return Unavailable(saying)
    code = str(error).split(" ", 1)[0]
    return Unavailable(CODES.get(code, f"the state store does not answer: {type(error).__name__}"))
