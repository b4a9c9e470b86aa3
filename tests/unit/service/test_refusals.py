"""What a Redis says when it refuses, as what the service says: to be repeated, and why."""

import pytest
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

from service.adapters.redis.refusals import unavailable


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), "full"),
        (ReadOnlyError("You can't write against a read only replica."), "replica"),
        (BusyLoadingError("Redis is loading the dataset in memory"), "loading"),
        (MasterDownError("Link with MASTER is down"), "primary"),
        (TryAgainError("Multiple keys request during rehashing of slot"), "moving"),
        (ClusterDownError("Hash slot not served"), "down"),
        (ResponseError("MISCONF Errors writing to the AOF file: No space"), "disk"),
        (ResponseError("NOREPLICAS Not enough good replicas to write."), "few replicas"),
        (TimeoutError(), "in time"),
        (OSError("connection to secret.example refused"), "does not answer"),
    ],
)
def test_every_refusal_can_be_repeated_and_says_why(refusal: Exception, words: str) -> None:
    said = unavailable(refusal)
    assert words in said.detail
    assert said.status == 503
    assert said.retry_after_seconds in (1, 2, 3)
    assert "secret" not in said.detail
