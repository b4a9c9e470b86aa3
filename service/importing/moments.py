"""Times as the service reads them."""

from datetime import UTC, datetime, timedelta


def rfc3339(moment: datetime) -> str:
    """The moment in UTC, to the second: ``2026-05-01T08:00:00Z``."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def minutes_before(now: datetime, minutes: int) -> str:
    """The moment so many minutes before ``now``. Raises OverflowError outside years 1 to 9999."""
    return rfc3339(now - timedelta(minutes=minutes))
