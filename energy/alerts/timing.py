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
    """One watched condition, as it is now.

    Attributes:
        key: Identity of the alert, the same at every check.
        holds: Whether the condition is true; None when it can't be judged.
        cleared: Whether it has ended with its hysteresis; None for "as soon as ``holds`` is False".
        for_s: How long the condition must hold before the alert opens, s.
        clear_for_s: How long it must have ended before the alert clears, s.
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
    """Memory of one watch: since when its condition holds, and since when it has been clearing."""

    active: bool = False
    since: datetime | None = None
    clearing_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMemory:
    """Memory of every watch by its key, sorted by key."""

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
