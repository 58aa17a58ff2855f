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
"""A few dull days in a row happen; their best hours together count as the array's present state."""

FEWEST_EARLIER_DAYS = 5
HIGH_SUN_SHARE = 0.6
"""Only a high sun is compared: under a low one the model's ratio says little."""

MODEL_RATIO = 0.9
"""What an array reaches of the model in its best hour, until its own days are known."""


def with_ratio(days: SunDays, at: datetime, *, ratio: float, clear_sky_w: float) -> SunDays:
    """The days with one more smoothed ratio of sun that was not held back."""
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
    """(best ratio of the last days, the usual one of the days before); None before it is known."""
    if len(days) <= RECENT_DAYS:
        return None, None
    complete = days[:-1]
    recent = max(entry[1] for entry in days[-RECENT_DAYS - 1 :])
    earlier = [entry[1] for entry in complete[:-RECENT_DAYS]]
    usual = median(earlier) if len(earlier) >= FEWEST_EARLIER_DAYS else MODEL_RATIO
    return recent, usual
