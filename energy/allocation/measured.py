"""Which measured values may be used: present, fresh, finite, plausible and not frozen.

A value that fails counts as missing; the cycle never works with half a truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from energy.allocation.decision import AllocationInput
from energy.battery.calibration import rest_voltage_v
from energy.site.preferences import Preferences
from energy.site.snapshot import Link, Reading, Snapshot
from energy.wording import grouped, watts

FROZEN_AFTER_S = 3_600.0
"""A sensor that repeats a non-zero value for this long, while others move, is frozen."""

MOVING_WITHIN_S = 900.0
"""Another reading that has changed within this time counts as moving."""

PLAUSIBLE_MARGIN_V = 2.0
"""Voltages further outside the battery's absolute limits are measurement errors."""

AGREE_V = 0.5
"""Two sensors of one bank differ by the drop in the cables between them, V."""

NOISE_W = -50.0
"""PV below this is no noise around zero but a wrong sign or a wrong channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is left of the snapshot after the rules. None is missing; powers W, voltages V.

    Attributes:
        low_voltage_v: The lower of raw and rest voltage, for emergency and critical thresholds.
        voltage_age_s: Age of the voltage that is used.
        stale: The voltage is too old to start anything.
        lost: The voltage has been missing for so long that everything stops.
        implausible_since: Since when the voltage has been implausible, for the memory.
        notes: One sentence per value that was left out or replaced.
    """

    raw_voltage_v: float | None
    rest_voltage_v: float | None
    low_voltage_v: float | None
    voltage_source: str | None
    voltage_age_s: float | None
    current_a: float | None
    pv_w: float | None
    load_w: float | None
    stale: bool
    lost: bool
    implausible_since: datetime | None
    notes: tuple[str, ...]


def measure(question: AllocationInput) -> Measured:
    """Apply the rules of bad data to a snapshot."""
    snapshot, preferences = question.snapshot, question.preferences
    notes: list[str] = []
    voltage = _voltage(snapshot, preferences, notes)
    current = _usable(snapshot.battery_current_a, snapshot, preferences, "battery current", notes)
    pv = _usable(snapshot.pv_power_w, snapshot, preferences, "solar power", notes)
    load = _usable(snapshot.load_power_w, snapshot, preferences, "load", notes)
    if pv is not None and pv.value < NOISE_W:
        notes.append(f"Solar power of {watts(pv.value)} is implausible and counts as missing.")
        pv = None
    current_a = None if current is None else current.value
    raw = None if voltage is None else voltage.value
    resistance = question.learned.resistance_ohm
    rest = None if raw is None else rest_voltage_v(raw, current_a, resistance)
    stale, lost, since = _freshness(question, voltage, notes)
    return Measured(
        raw_voltage_v=raw,
        rest_voltage_v=rest,
        low_voltage_v=None if raw is None or rest is None else min(raw, rest),
        voltage_source=None if voltage is None else voltage.source,
        voltage_age_s=None if voltage is None else voltage.age_s,
        current_a=current_a,
        pv_w=None if pv is None else max(0.0, pv.value),
        load_w=None if load is None else max(0.0, load.value),
        stale=stale,
        lost=lost,
        implausible_since=since,
        notes=tuple(notes),
    )


def stale_after_s(reading: Reading, preferences: Preferences) -> float:
    """Age from which a reading counts as missing, by its link, s."""
    local = reading.link is Link.LOCAL
    return preferences.stale_after_local_s if local else preferences.stale_after_s


def failsafe_after_s(reading: Reading, preferences: Preferences) -> float:
    """Age of the voltage from which everything stops, by its link, s."""
    local = reading.link is Link.LOCAL
    return preferences.failsafe_after_local_s if local else preferences.failsafe_after_s


def is_frozen(reading: Reading, snapshot: Snapshot) -> bool:
    """Whether a sensor repeats itself for longer than it ever does, while others move.

    Zero is exempt: at night the sun really stands still. So is a voltage that a second sensor
    confirms: a charger holds a full battery at one voltage for hours.
    """
    if reading.unchanged_s < FROZEN_AFTER_S or reading.value == 0.0:
        return False
    if _voltages_agree(reading, snapshot):
        return False
    others = (
        snapshot.battery_voltage_v,
        snapshot.battery_current_a,
        snapshot.pv_power_w,
        snapshot.load_power_w,
    )
    return any(
        other is not None and other is not reading and other.unchanged_s < MOVING_WITHIN_S
        for other in others
    )


def _voltages_agree(reading: Reading, snapshot: Snapshot) -> bool:
    """Whether ``reading`` is one of two recent voltages of the bank that tell the same."""
    monitor, inverter = snapshot.battery_voltage_v, snapshot.inverter_voltage_v
    if monitor is None or inverter is None or (reading is not monitor and reading is not inverter):
        return False
    recent = max(monitor.age_s, inverter.age_s) <= MOVING_WITHIN_S
    return recent and abs(monitor.value - inverter.value) <= AGREE_V


def _voltage(snapshot: Snapshot, preferences: Preferences, notes: list[str]) -> Reading | None:
    """The monitor's voltage, or the inverter's where the monitor's can't be used."""
    monitor, inverter = snapshot.battery_voltage_v, snapshot.inverter_voltage_v
    monitor_serves = _voltage_serves(monitor, snapshot, preferences)
    if monitor_serves and monitor is not None:
        fresh = monitor.age_s <= stale_after_s(monitor, preferences)
        if fresh or inverter is None or inverter.age_s >= monitor.age_s:
            return monitor
    if _voltage_serves(inverter, snapshot, preferences) and inverter is not None:
        why = "is missing" if monitor is None else "can't be used"
        notes.append(f"The battery monitor's voltage {why}; the inverter's stands in.")
        return inverter
    return monitor if monitor_serves else None


def _voltage_serves(reading: Reading | None, snapshot: Snapshot, preferences: Preferences) -> bool:
    if reading is None or not isfinite(reading.value) or is_frozen(reading, snapshot):
        return False
    low = preferences.battery_absolute_min - PLAUSIBLE_MARGIN_V
    high = preferences.battery_absolute_max + PLAUSIBLE_MARGIN_V
    return low <= reading.value <= high


def _usable(
    reading: Reading | None,
    snapshot: Snapshot,
    preferences: Preferences,
    what: str,
    notes: list[str],
) -> Reading | None:
    if reading is None:
        return None
    if not isfinite(reading.value):
        notes.append(f"The {what} is not a number and counts as missing.")
        return None
    if reading.age_s > stale_after_s(reading, preferences):
        notes.append(f"The {what} is {grouped(reading.age_s)} s old and counts as missing.")
        return None
    if is_frozen(reading, snapshot):
        notes.append(
            f"The {what} has stood at {grouped(reading.value)} for"
            f" {reading.unchanged_s / 60.0:.0f} min while others move: it counts as missing."
        )
        return None
    return reading


def _freshness(
    question: AllocationInput, voltage: Reading | None, notes: list[str]
) -> tuple[bool, bool, datetime | None]:
    """(stale, lost, implausible since)."""
    preferences, snapshot = question.preferences, question.snapshot
    if voltage is not None:
        stale = voltage.age_s > stale_after_s(voltage, preferences)
        lost = voltage.age_s > failsafe_after_s(voltage, preferences)
        return stale, lost, None
    monitor, inverter = snapshot.battery_voltage_v, snapshot.inverter_voltage_v
    given = inverter if monitor is None else monitor
    if given is None:
        notes.append("There is no battery voltage at all.")
        return True, True, None
    limit_s = failsafe_after_s(given, preferences)
    if is_frozen(given, snapshot):
        notes.append(
            f"The battery voltage has stood at {given.value:.2f} V for"
            f" {given.unchanged_s / 60.0:,.0f} min while others move: it counts as missing."
        )
        return True, given.unchanged_s > limit_s, None
    notes.append(f"A battery voltage of {given.value:.2f} V is implausible and counts as missing.")
    before = question.memory.voltage_implausible_since
    since = snapshot.at if before is None else before
    return True, (snapshot.at - since).total_seconds() > limit_s, since
