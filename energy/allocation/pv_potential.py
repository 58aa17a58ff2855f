"""PV potential: what the array could give now, when a full battery throttles it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from energy.allocation.decision import AllocationInput
from energy.measuring.measured import Measured
from energy.site.miners import ControlMemory
from energy.site.preferences import Preferences

FULL_MARGIN_V = 0.1
"""Chargers hold their level within about this much."""

TAPER_C_RATE = 0.1
"""A charge current below this share of the capacity per hour is tapering."""

THROTTLED_SHARE = 0.9
"""PV below this share of what the sky allows is being held back."""

RECOVERY_S = 3_600.0
"""Time in which a lowered estimate comes back."""

LOWEST_FACTOR = 0.2
LOWERED_AT_LEAST = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Potential:
    """What the array could give.

    Attributes:
        potential_w: Measured PV, or what the sky allows where the battery is full and that is
            more, W.
        allowed_w: What the sky allows, W, before any lowering; None when it is not known.
        proven_full: The charger holds a full battery while the sun is up.
        throttled: It holds sun back: PV is well below what the sky allows.
    """

    potential_w: float
    allowed_w: float | None
    proven_full: bool
    throttled: bool


def potential_of(question: AllocationInput, measured: Measured) -> Potential:
    """Measured PV while the battery takes it all, otherwise what the sky allows if that is more.

    What the sky allows is the clear-sky model times the site's recent ratio of measured to
    clear-sky power, lowered for a while after a start on potential was not met. It never falls
    when more PV is measured.
    """
    pv_w = 0.0 if measured.pv_w is None else measured.pv_w
    allowed_w = sky_allows_w(question)
    full = (
        measured.pv_w is not None
        and allowed_w is not None
        and allowed_w > 0.0
        and is_full(measured, question.preferences)
    )
    if allowed_w is None or not full:
        return Potential(potential_w=pv_w, allowed_w=allowed_w, proven_full=False, throttled=False)
    factor = factor_now(question.memory, question.snapshot.at)
    return Potential(
        potential_w=max(pv_w, allowed_w * factor),
        allowed_w=allowed_w,
        proven_full=True,
        throttled=pv_w < THROTTLED_SHARE * allowed_w,
    )


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
    """The factor after a start on potential that measured PV did not meet.

    The battery discharges, so the sun is not held back: what it gives now is what it can give.
    """
    pv_w = 0.0 if measured.pv_w is None else measured.pv_w
    lowered = factor * LOWERED_AT_LEAST
    if potential.allowed_w is not None and potential.allowed_w > 0.0:
        lowered = min(lowered, pv_w / potential.allowed_w)
    return max(LOWEST_FACTOR, lowered)


def sky_allows_w(question: AllocationInput) -> float | None:
    """Clear-sky power × the site's recent ratio, W; None without a model or before it learned."""
    clear_w, ratio = question.snapshot.sky.clear_sky_w, question.learned.clear_sky_ratio
    return None if clear_w is None or ratio is None else clear_w * ratio
