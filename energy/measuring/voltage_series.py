"""Voltage in force and SOC over time, for hours and days, by the rules of each cycle."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime

from energy.battery.calibration import rest_voltage_v, soc_pct
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


def soc_of(
    voltages: Voltages,
    currents: Mapping[datetime, float | None],
    preferences: Preferences,
    resistance_ohm: float,
) -> list[tuple[datetime, float | None]]:
    """State of charge by the owner's calibration of the rest voltage, %.

    Args:
        voltages: Voltages in force.
        currents: The battery monitor's currents by their instants, A, positive when charging;
            where one is missing the raw voltage stands in for the rest voltage.
        preferences: The calibration.
        resistance_ohm: Internal resistance of the bank, as learned.
    """
    return [
        (at, None if volts is None else _soc(volts, currents.get(at), preferences, resistance_ohm))
        for at, volts in voltages
    ]


def _soc(
    volts: float, current_a: float | None, preferences: Preferences, resistance_ohm: float
) -> float:
    return soc_pct(rest_voltage_v(volts, current_a, resistance_ohm), preferences)


def _counts(volts: float | None, preferences: Preferences) -> bool:
    return volts is not None and is_plausible(volts, preferences)


def _is_stale(times: Sequence[datetime], at: datetime, stale_after_s: float) -> bool:
    """Whether the newest of ``times`` until ``at`` is too old."""
    place = bisect_right(times, at)
    return place == 0 or (at - times[place - 1]).total_seconds() > stale_after_s
