"""Moments as the store keeps them: naive UTC, since SQLite knows no time zone."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present moment with its time zone."""
    return datetime.now(UTC)


def naive(moment: datetime) -> datetime:
    """Convert a moment for the store."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def aware(moment: datetime) -> datetime:
    """Convert a moment from the store."""
    return moment.replace(tzinfo=UTC)


def maybe_aware(moment: datetime | None) -> datetime | None:
    """Read a moment that may not have come."""
    return None if moment is None else aware(moment)
