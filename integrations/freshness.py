"""Times of measurement: from the payload itself, never from the time of the poll."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from integrations.vendor_calls import Call

AHEAD = timedelta(minutes=5)
"""How far a vendor's clock may be ahead of ours before its times are refused."""


def measured_at(stamp: datetime, *, now: datetime, call: Call) -> datetime:
    """``stamp``, or ``now`` where the vendor's clock runs a little ahead: no age is negative.

    Raises:
        VendorError: The stamp lies more than ``AHEAD`` in the future: otherwise an old value with
            such a stamp would look fresh for hours.
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
    value = _from_text(stamp)
    return None if value is None or value.tzinfo is None else _utc(value)


def from_local(stamp: str | None, zone: ZoneInfo) -> datetime | None:
    """As ``from_iso``; a text without a zone is the wall clock of ``zone``."""
    value = _from_text(stamp)
    if value is None:
        return None
    return _utc(value if value.tzinfo is not None else value.replace(tzinfo=zone))


def _from_text(stamp: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp) if stamp is not None else None
    except ValueError:
        return None


def _utc(value: datetime) -> datetime | None:
    """In UTC; None near the ends of the calendar, where the conversion overflows."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return None
