"""What the arrays give in their best hour of a day, over weeks: a slow reference that shows a loss.

The recent clear-sky ratio follows the weather and so learns a broken string away within hours.
Thick cloud passes; a loss stays on the best hour of every day.
"""

from __future__ import annotations

from datetime import datetime
from statistics import median

SunDays = tuple[tuple[str, float, float], ...]
"""Per UTC day with free sun, oldest first: (day, best smoothed ratio, highest clear sky W)."""

KEPT_DAYS = 17
RECENT_DAYS = 3
"""The best hour of this many days counts as the array's present state: dull days come in rows."""

FEWEST_EARLIER_DAYS = 5
HIGH_SUN_SHARE = 0.6
"""Only hours with at least this share of the highest clear-sky power are compared, because the
model is inexact at a low sun.
"""

MODEL_RATIO = 0.9
"""Best ratio assumed for an array until enough days of its own are known."""


def with_ratio(days: SunDays, at: datetime, *, ratio: float, clear_sky_w: float) -> SunDays:
    """The days with one more smoothed ratio of unthrottled PV taken in."""
    day = at.date().isoformat()
    highest_w = max((entry[2] for entry in days), default=0.0)
    if clear_sky_w < HIGH_SUN_SHARE * highest_w:
        return days
    if not days or days[-1][0] != day:
        return (*days, (day, ratio, clear_sky_w))[-KEPT_DAYS:]
    _, best, top_w = days[-1]
    if ratio <= best and clear_sky_w <= top_w:
        return days
    return (*days[:-1], (day, max(best, ratio), max(top_w, clear_sky_w)))


def best_ratios(days: SunDays) -> tuple[float | None, float | None]:
    """(best ratio of the last 3 days and today, usual best ratio of the days before).

    Both None before four days of sun; with fewer than five earlier days the usual one is
    ``MODEL_RATIO``.
    """
    if len(days) <= RECENT_DAYS:
        return None, None
    complete = days[:-1]
    recent = max(entry[1] for entry in days[-RECENT_DAYS - 1 :])
    earlier = [entry[1] for entry in complete[:-RECENT_DAYS]]
    usual = median(earlier) if len(earlier) >= FEWEST_EARLIER_DAYS else MODEL_RATIO
    return recent, usual
