"""The voltage in force over time, for hours and days, by the rules of each cycle."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from energy.measuring.voltage import is_plausible
from energy.site.preferences import Preferences

Voltages = Sequence[tuple[datetime, float | None]]
"""(aware instant, V), by time; None where a sample had none."""


def in_force(
    monitor: Voltages, inverter: Voltages, preferences: Preferences
) -> list[tuple[datetime, float | None]]:
    """The monitor's plausible voltages, and the inverter's where those had become stale."""
    believed = [(at, volts) for at, volts in monitor if _counts(volts, preferences)]
    times = [at for at, _ in believed]
    stand_in = [
        (at, volts)
        for at, volts in inverter
        if _counts(volts, preferences) and _is_stale(times, at, preferences.stale_after_s)
    ]
    return sorted([*believed, *stand_in], key=lambda point: point[0])


def _counts(volts: float | None, preferences: Preferences) -> bool:
    return volts is not None and is_plausible(volts, preferences)


def _is_stale(times: Sequence[datetime], at: datetime, stale_after_s: float) -> bool:
    """Whether the newest of ``times`` until ``at`` is too old."""
    place = bisect_right(times, at)
    return place == 0 or (at - times[place - 1]).total_seconds() > stale_after_s
