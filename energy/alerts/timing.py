"""When a condition becomes an alert and when it ends: durations and hysteresis, explicit memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class AlertSeverity(StrEnum):
    """Severity of an alert."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One thing that is watched, as it is now.

    Attributes:
        key: Its identity while it lasts.
        holds: Whether it is the case; None when that cannot be told.
        cleared: Whether it is over with some margin; None for "when it no longer holds".
        for_s: How long it has to hold to become an alert, s.
        clear_for_s: How long it has to be over to end the alert, s.
    """

    key: str
    category: str
    severity: AlertSeverity
    title: str
    detail: str
    advice: str
    holds: bool | None
    cleared: bool | None = None
    for_s: float = 0.0
    clear_for_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchMemory:
    """Memory of one watch: since when its condition holds, and since when its alert has ended."""

    active: bool = False
    since: datetime | None = None
    clearing_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMemory:
    """Per key what is remembered, sorted by key."""

    watches: tuple[tuple[str, WatchMemory], ...] = ()


def advance(watch: Watch, before: WatchMemory, at: datetime) -> WatchMemory:
    """The memory after this check.

    Where a condition cannot be judged, an open alert stays open and a running delay restarts.
    """
    if before.active:
        over = watch.cleared if watch.cleared is not None else watch.holds is False
        if not over:
            return WatchMemory(active=True, since=before.since)
        clearing_since = _earlier(before.clearing_since, at)
        if at - clearing_since >= timedelta(seconds=watch.clear_for_s):
            return WatchMemory()
        return WatchMemory(active=True, since=before.since, clearing_since=clearing_since)
    if watch.holds is not True:
        return WatchMemory()
    since = _earlier(before.since, at)
    return WatchMemory(active=at - since >= timedelta(seconds=watch.for_s), since=since)


def _earlier(remembered: datetime | None, at: datetime) -> datetime:
    """A remembered instant; ``at`` where there is none or the clock has jumped back behind it."""
    return at if remembered is None else min(remembered, at)
