"""PV potential: what the array could give now, when a full battery throttles it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from energy.decision import AllocationInput
from energy.miners import ControlMemory
from energy.preferences import Preferences
from energy.quality import Measured

FULL_MARGIN_V = 0.1
"""Chargers hold their level within about this much."""

TAPER_C_RATE = 0.1
"""A charge current below this share of the capacity per hour is tapering."""

THROTTLED_SHARE = 0.9
"""PV below this share of what the sky allows is being held back."""

RECOVERY_S = 3_600.0
"""Time in which a lowered estimate comes back."""

LOWEST_FACTOR = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Potential:
    """What the array could give, W, and whether the charger holds it back."""

    potential_w: float
    throttled: bool


def potential_of(question: AllocationInput, measured: Measured) -> Potential:
    """Measured PV while unthrottled, otherwise what the sky allows if that is more.

    What the sky allows is the clear-sky model times the site's recent ratio of measured to
    clear-sky power, lowered for a while after a start on potential was not met.
    """
    pv_w = 0.0 if measured.pv_w is None else measured.pv_w
    allowed_w = _sky_allows_w(question)
    if measured.pv_w is None or allowed_w is None:
        return Potential(potential_w=pv_w, throttled=False)
    held_back = pv_w < THROTTLED_SHARE * allowed_w
    if not (held_back and is_full(measured, question.preferences)):
        return Potential(potential_w=pv_w, throttled=False)
    factor = factor_now(question.memory, question.snapshot.at)
    return Potential(potential_w=max(pv_w, allowed_w * factor), throttled=True)


def is_full(measured: Measured, preferences: Preferences) -> bool:
    """Voltage at or above the float or absorption level, with a charge current that tapers."""
    if measured.raw_voltage_v is None or measured.current_a is None:
        return False
    level_v = min(preferences.voltage_float, preferences.voltage_absorption) - FULL_MARGIN_V
    capacity_ah = preferences.battery_capacity_wh / preferences.battery_nominal_v
    tapering = 0.0 <= measured.current_a + 0.5 < TAPER_C_RATE * capacity_ah
    return measured.raw_voltage_v >= level_v and tapering


def factor_now(memory: ControlMemory, at: datetime) -> float:
    """The estimate's factor ≤ 1, recovering linearly after it was lowered."""
    if memory.potential_lowered_at is None:
        return memory.potential_factor
    share = (at - memory.potential_lowered_at).total_seconds() / RECOVERY_S
    factor = memory.potential_factor
    return min(1.0, factor + (1.0 - factor) * max(0.0, min(1.0, share)))


def lowered_factor(potential: Potential, measured: Measured, factor: float) -> float:
    """The factor after a start on potential that measured PV did not meet."""
    pv_w = 0.0 if measured.pv_w is None else measured.pv_w
    if potential.potential_w <= 0.0:
        return max(LOWEST_FACTOR, factor * 0.5)
    return max(LOWEST_FACTOR, min(factor * 0.9, factor * pv_w / potential.potential_w))


def _sky_allows_w(question: AllocationInput) -> float | None:
    clear_w, ratio = question.snapshot.sky.clear_sky_w, question.learned.clear_sky_ratio
    return None if clear_w is None or ratio is None else clear_w * ratio
