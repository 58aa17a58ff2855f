"""Where the battery's voltage stands among the owner's thresholds: for people, not for control."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from energy.site.preferences import Preferences
from energy.wording import volts


class VoltageRange(StrEnum):
    """From the voltage at which the inverter turns the house off to that of a full battery."""

    SHUTDOWN = "shutdown"
    CRITICAL = "critical"
    LOW = "low"
    BELOW_OPTIMAL = "below_optimal"
    OPTIMAL = "optimal"
    ABOVE_OPTIMAL = "above_optimal"
    ABSORPTION = "absorption"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryRange:
    """The range with its sentence."""

    code: VoltageRange
    sentence: str


def battery_range(
    raw_v: float | None, rest_v: float | None, preferences: Preferences
) -> BatteryRange | None:
    """The range that the battery is in; None without a voltage.

    Shutdown and critical by the lower of raw and rest voltage, what the charger holds by the
    higher, the others by the rest voltage; the raw one stands in where that is not known.
    """
    known = [voltage for voltage in (raw_v, rest_v) if voltage is not None]
    if not known:
        return None
    lowest_v, at_rest_v = min(known), known[-1]
    if lowest_v <= preferences.voltage_shutdown:
        limit = volts(preferences.voltage_shutdown)
        return BatteryRange(
            code=VoltageRange.SHUTDOWN,
            sentence=f"At or below {limit}: the inverter turns the house off.",
        )
    if lowest_v <= preferences.voltage_critical_low:
        limit = volts(preferences.voltage_critical_low)
        return BatteryRange(code=VoltageRange.CRITICAL, sentence=f"Critical: at or below {limit}.")
    if at_rest_v <= preferences.voltage_low:
        limit = volts(preferences.voltage_low)
        return BatteryRange(code=VoltageRange.LOW, sentence=f"Low: at or below {limit}.")
    return _charging(max(known), preferences) or _of_the_usual(at_rest_v, preferences)


def _charging(highest_v: float, preferences: Preferences) -> BatteryRange | None:
    """The end of a charge; None before it."""
    if highest_v >= preferences.voltage_full:
        limit = volts(preferences.voltage_full)
        return BatteryRange(code=VoltageRange.FULL, sentence=f"Full: at or above {limit}.")
    if highest_v >= preferences.voltage_absorption:
        limit = volts(preferences.voltage_absorption)
        return BatteryRange(
            code=VoltageRange.ABSORPTION,
            sentence=f"The last of the charge goes in: at or above {limit}.",
        )
    return None


def _of_the_usual(at_rest_v: float, preferences: Preferences) -> BatteryRange:
    low_v, high_v = preferences.voltage_optimal_min, preferences.voltage_optimal_max
    span = f"its optimal range of {volts(low_v)} to {volts(high_v)}"
    if at_rest_v < low_v:
        return BatteryRange(code=VoltageRange.BELOW_OPTIMAL, sentence=f"Below {span}.")
    if at_rest_v > high_v:
        return BatteryRange(code=VoltageRange.ABOVE_OPTIMAL, sentence=f"Above {span}.")
    return BatteryRange(code=VoltageRange.OPTIMAL, sentence=f"In {span}.")
