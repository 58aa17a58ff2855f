"""The voltage in force: the battery monitor's, or the inverter's where that can't be used."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import NamedTuple

from energy.measuring.clock_jumps import SET_BACK_NOTE, back_for_s
from energy.measuring.frozen import Frozen, why_voltage_stands
from energy.measuring.quantity import MISSING, Quality, Quantity
from energy.measuring.staleness import failsafe_after_s, stale_after_s
from energy.measuring.waiting import WAITING, still_waiting
from energy.site.miners import MeasuringMemory
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading, Snapshot
from energy.wording import duration, volts

PLAUSIBLE_MARGIN_V = 2.0
"""Voltages further than this outside the battery's absolute limits are measurement errors, V."""


class VoltageInForce(NamedTuple):
    """The voltage that decides, and what follows where there is none.

    Attributes:
        voltage: The voltage in force; a stale one still protects what runs.
        notes: One sentence per voltage that was left out or replaced.
        lost: There has been no voltage for so long that everything stops.
        waiting: There is none yet, because the program has just started.
        implausible_since: Since when all voltages that came were implausible or suspect; None
            otherwise.
    """

    voltage: Quantity
    notes: tuple[str, ...]
    lost: bool = False
    waiting: bool = False
    implausible_since: datetime | None = None


def voltage_in_force(
    snapshot: Snapshot, preferences: Preferences, frozen: Frozen, memory: MeasuringMemory
) -> VoltageInForce:
    """Choose between monitor and inverter: the monitor while it is fresh, else the fresher of
    both.
    """
    monitor, inverter = snapshot.battery_voltage_v, snapshot.inverter_voltage_v
    not_monitor = _rejected(monitor, snapshot, preferences, frozen)
    not_inverter = _rejected(inverter, snapshot, preferences, frozen)
    from_monitor = monitor if not_monitor is None else None
    from_inverter = inverter if not_inverter is None else None
    chosen = _chosen(from_monitor, from_inverter, preferences)
    if chosen is None:
        rejected = [refused for refused in (not_monitor, not_inverter) if refused is not None]
        return _none_in_force(rejected, snapshot, preferences, memory)
    notes = _notes(monitor, not_monitor) if chosen is from_inverter else ()
    return _in_force(chosen, notes, snapshot, preferences, memory)


def is_plausible(voltage_v: float, preferences: Preferences) -> bool:
    """Whether a voltage (V) is possible: within the battery's absolute limits and a margin."""
    low_v = preferences.battery_absolute_min - PLAUSIBLE_MARGIN_V
    high_v = preferences.battery_absolute_max + PLAUSIBLE_MARGIN_V
    return low_v <= voltage_v <= high_v


def _chosen(
    monitor: Reading | None, inverter: Reading | None, preferences: Preferences
) -> Reading | None:
    if monitor is None or inverter is None:
        return inverter if monitor is None else monitor
    fresh = monitor.age_s <= stale_after_s(monitor, preferences)
    return monitor if fresh or inverter.age_s >= monitor.age_s else inverter


def _notes(monitor: Reading | None, not_monitor: Quantity | None) -> tuple[str, ...]:
    """Why the inverter's voltage stands in for the monitor's."""
    if monitor is None:
        return ("The battery monitor's voltage is missing; the inverter's stands in.",)
    if not_monitor is None:
        aged = f"is {duration(monitor.age_s)} old"
        return (f"The battery monitor's voltage {aged}; the inverter's stands in.",)
    stands_in = "The battery monitor's voltage can't be used; the inverter's stands in."
    return (not_monitor.reason, stands_in)


def _in_force(
    reading: Reading,
    notes: tuple[str, ...],
    snapshot: Snapshot,
    preferences: Preferences,
    memory: MeasuringMemory,
) -> VoltageInForce:
    limit_s = stale_after_s(reading, preferences)
    back_s = back_for_s(memory, snapshot.at)
    stale = reading.age_s > limit_s or back_s is not None
    unproven_s = reading.age_s if back_s is None else max(reading.age_s, back_s)
    gone = unproven_s > failsafe_after_s(reading, preferences)
    if back_s is not None:
        notes = (*notes, SET_BACK_NOTE)
    waiting = gone and still_waiting(memory, snapshot.at)
    if waiting:
        notes = (*notes, WAITING)
    reasons = notes
    if reading.age_s > limit_s:
        reasons = (*notes, f"The battery voltage is {duration(reading.age_s)} old.")
    voltage = Quantity(
        reading.value,
        reading.age_s,
        reading.source,
        Quality.STALE if stale else Quality.GOOD,
        " ".join(reasons),
        limit_s,
    )
    return VoltageInForce(voltage, notes, lost=gone and not waiting, waiting=waiting)


def _none_in_force(
    rejected: list[Quantity],
    snapshot: Snapshot,
    preferences: Preferences,
    memory: MeasuringMemory,
) -> VoltageInForce:
    """There is no voltage, or none is believed. A frozen one counts as lost at once, because it was
    observed for long before it was called frozen.
    """
    if not rejected:
        waiting = still_waiting(memory, snapshot.at)
        reason = WAITING if waiting else "There is no battery voltage at all."
        voltage = MISSING._replace(reason=reason)
        return VoltageInForce(voltage, (reason,), lost=not waiting, waiting=waiting)
    notes = tuple(refused.reason for refused in rejected)
    voltage = rejected[0]._replace(reason=" ".join(notes))
    if any(refused.quality is Quality.FROZEN for refused in rejected):
        return VoltageInForce(voltage, notes, lost=True)
    before = memory.voltage_implausible_since
    since = snapshot.at if before is None else before
    limit_s = min(failsafe_after_s(reading, preferences) for reading in snapshot.voltages)
    lost = (snapshot.at - since).total_seconds() > limit_s
    return VoltageInForce(voltage, notes, lost=lost, implausible_since=since)


def _rejected(
    reading: Reading | None, snapshot: Snapshot, preferences: Preferences, frozen: Frozen
) -> Quantity | None:
    """Why a voltage is not believed, as a quantity without value; None where it is, or is
    missing.
    """
    if reading is None:
        return None
    quality, why = _judged(reading, snapshot, preferences, frozen)
    if quality is Quality.GOOD:
        return None
    limit_s = stale_after_s(reading, preferences)
    return Quantity(None, reading.age_s, reading.source, quality, why, limit_s)


def _judged(
    reading: Reading, snapshot: Snapshot, preferences: Preferences, frozen: Frozen
) -> tuple[Quality, str]:
    if not isfinite(reading.value):
        return Quality.IMPLAUSIBLE, "A battery voltage that is no number counts as missing."
    shown = volts(reading.value)
    if not is_plausible(reading.value, preferences):
        why = f"A battery voltage of {shown} is implausible and counts as missing."
        return Quality.IMPLAUSIBLE, why
    stands = frozen.get(reading.source) or why_voltage_stands(reading, snapshot)
    if stands is not None:
        why = f"{reading.source} is frozen, {stands}: its {shown} counts as missing."
        return Quality.FROZEN, why
    if reading.suspicion and reading.age_s > stale_after_s(reading, preferences):
        why = f"The battery voltage of {reading.source} is suspect: {reading.suspicion}."
        return Quality.SUSPECT, why
    return Quality.GOOD, ""
