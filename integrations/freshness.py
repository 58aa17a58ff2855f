"""When something was measured: by the payload's own time, never by "the poll worked"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from integrations.calling import Call

AHEAD = timedelta(minutes=5)
"""How far a vendor's clock may run ahead of ours before its time is not believed."""


def measured_at(stamp: datetime, *, now: datetime, call: Call) -> datetime:
    """``stamp``, or ``now`` where the vendor's clock runs a little ahead: no age is negative.

    Raises:
        VendorError: The stamp lies more than ``AHEAD`` in the future: a value that old could look
            fresh for hours.
    """
    if stamp - now > AHEAD:
        ahead_s = (stamp - now).total_seconds()
        raise call.failed(
            f"its clock runs {ahead_s:.0f} s ahead; set the time of the device", retry=False
        )
    return min(stamp, now)


def from_epoch_s(seconds: float | None) -> datetime | None:
    """The aware UTC instant of a Unix time in seconds; None for None, ≤ 0 and absurd values."""
    if seconds is None or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def from_iso(stamp: str | None) -> datetime | None:
    """The aware instant of an ISO 8601 text, in UTC; None without one or without its zone."""
    try:
        value = datetime.fromisoformat(stamp) if stamp is not None else None
    except ValueError:
        return None
    return value.astimezone(UTC) if value is not None and value.tzinfo is not None else None
