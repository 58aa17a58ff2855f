"""PV potential: what the array could give now, when a full battery throttles it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from energy.allocation.decision import AllocationInput
from energy.battery.calibration import curve_points
from energy.measuring.measured import Measured
from energy.site.miners import ChargeHold, ControlMemory
from energy.site.preferences import Preferences

LEVEL_MARGIN_V = 0.1
"""Chargers hold their level within about this much, and sensors show tenths."""

HELD_WITHIN_V = 0.15
"""A voltage that moves by no more than this is held by a charger, V."""

HELD_AFTER_S = 300.0
"""A voltage counts as held by the charger after this time, s."""

FALLEN_SHARE = 0.7
"""A charge current that has fallen to this share of its highest, at a held voltage, tapers."""

STANDING_C_RATE = 0.02
STANDING_AFTER_S = 900.0
"""At a held voltage, a current below this C-rate for this long (s) means a full battery."""

NOT_CHARGING_A = -0.5
"""Below this current the battery is being discharged, so PV is not throttled, A."""

THROTTLED_SHARE = 0.9
"""At a full battery, PV below this share of what the sky allows is throttled."""

RECOVERY_S = 3_600.0
"""Time in which a lowered estimate recovers, s."""

LOWEST_FACTOR = 0.2
LOWERED_AT_LEAST = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Potential:
    """What the array could give.

    Attributes:
        potential_w: Measured PV, or what the sky allows where the battery is full and that is more,
            W.
        allowed_w: What the sky allows, W, before any lowering; None when it is not known.
        full: The charger holds the battery's voltage and the current tapers, while the sun is up.
        throttled: The charger throttles PV: it is well below what the sky allows.
        proven_full: PV has been throttled during this hold of the voltage: the battery is full.
        hold: How long the voltage has been held, for the memory; None when it is not.
    """

    potential_w: float
    allowed_w: float | None
    full: bool
    throttled: bool
    proven_full: bool
    hold: ChargeHold | None


def potential_of(question: AllocationInput, measured: Measured) -> Potential:
    """Measured PV while the battery takes it all, otherwise what the sky allows if that is more.

    What the sky allows is the clear-sky model times the site's recent ratio of measured to
    clear-sky power, lowered for a while after a start on potential was not met. It never falls
    when more PV is measured.
    """
    at, memory = question.snapshot.at, question.memory
    pv_w = 0.0 if measured.pv_w is None else measured.pv_w
    allowed_w = sky_allows_w(question)
    hold = held_level(memory.charge, measured, question.preferences, at)
    sun_is_up = measured.pv_w is not None and allowed_w is not None and allowed_w > 0.0
    tapers = _tapers(question, measured, hold)
    if allowed_w is None or hold is None or not sun_is_up or not tapers:
        return Potential(
            potential_w=pv_w,
            allowed_w=allowed_w,
            full=False,
            throttled=False,
            proven_full=False,
            hold=hold,
        )
    could_w = allowed_w * factor_now(memory, at)
    throttled = pv_w < THROTTLED_SHARE * could_w
    proven = throttled or hold.proven_full
    return Potential(
        potential_w=max(pv_w, could_w),
        allowed_w=allowed_w,
        full=True,
        throttled=throttled,
        proven_full=proven,
        hold=replace(hold, proven_full=proven),
    )


def _tapers(question: AllocationInput, measured: Measured, hold: ChargeHold | None) -> bool:
    current_a, rest_v = measured.current_a, measured.rest_voltage_v
    return (
        hold is not None
        and current_a is not None
        and rest_v is not None
        and is_tapering(
            hold,
            question.preferences,
            rest_voltage_v=rest_v,
            current_a=current_a,
            without_history=question.conditions_have_held,
        )
    )


def held_level(
    before: ChargeHold | None, measured: Measured, preferences: Preferences, at: datetime
) -> ChargeHold | None:
    """The charger's hold on the voltage at or above its float or absorption level.

    A voltage that leaves its band, or a battery that discharges, ends the hold. A reading that was
    counted before changes nothing.
    """
    voltage_v, current_a = measured.raw_voltage_v, measured.current_a
    if voltage_v is None or current_a is None or measured.voltage_age_s is None:
        return None
    if not may_hold_back(measured, preferences):
        return None
    read_at = at - timedelta(seconds=measured.voltage_age_s)
    if before is None or abs(voltage_v - before.voltage_v) > HELD_WITHIN_V:
        return ChargeHold(voltage_v=voltage_v, since=read_at, last_at=read_at, highest_a=current_a)
    if read_at <= before.last_at:
        return before
    return replace(before, last_at=read_at, highest_a=max(before.highest_a, current_a))


def may_hold_back(measured: Measured, preferences: Preferences) -> bool:
    """Whether the charger may be throttling PV: voltage at its level, battery not discharging.

    An unknown current counts as not discharging.
    """
    if measured.raw_voltage_v is None:
        return False
    level_v = min(preferences.voltage_float, preferences.voltage_absorption) - LEVEL_MARGIN_V
    current_a = measured.current_a
    return measured.raw_voltage_v >= level_v and (current_a is None or current_a >= NOT_CHARGING_A)


def is_tapering(
    hold: ChargeHold,
    preferences: Preferences,
    *,
    rest_voltage_v: float,
    current_a: float,
    without_history: bool,
) -> bool:
    """Whether the battery takes less than its own charge curve would give it at this voltage.

    While it charges freely, its voltage moves with the current along the curve. When the charger
    holds the voltage, the current falls from its highest; or the voltage without the current's
    share lies beyond the curve's full end; or next to nothing has flown for a while.
    """
    held_s = (hold.last_at - hold.since).total_seconds()
    if not without_history and held_s < HELD_AFTER_S:
        return False
    if rest_voltage_v >= curve_points(preferences)[-1][0]:
        return True
    capacity_ah = preferences.battery_capacity_wh / preferences.battery_nominal_v
    if hold.highest_a <= STANDING_C_RATE * capacity_ah:
        return without_history or held_s >= STANDING_AFTER_S
    return current_a <= FALLEN_SHARE * hold.highest_a


def factor_now(memory: ControlMemory, at: datetime) -> float:
    """The estimate's factor ≤ 1, recovering linearly after it was lowered."""
    if memory.potential_lowered_at is None:
        return memory.potential_factor
    share = (at - memory.potential_lowered_at).total_seconds() / RECOVERY_S
    factor = memory.potential_factor
    return min(1.0, factor + (1.0 - factor) * max(0.0, min(1.0, share)))


def lowered_factor(potential: Potential, measured: Measured, factor: float) -> float:
    """The factor after a start on potential that measured PV did not meet.

    The battery discharges, so PV is not throttled: what it gives now is what it can give.
    """
    pv_w = 0.0 if measured.pv_w is None else measured.pv_w
    lowered = factor * LOWERED_AT_LEAST
    if potential.allowed_w is not None and potential.allowed_w > 0.0:
        lowered = min(lowered, pv_w / potential.allowed_w)
    return max(LOWEST_FACTOR, lowered)


def sky_allows_w(question: AllocationInput) -> float | None:
    """Clear-sky power × the site's recent ratio, W; without history the model alone; None without
    a model.
    """
    clear_w, ratio = question.snapshot.sky.clear_sky_w, question.learned.clear_sky_ratio
    if clear_w is None:
        return None
    return clear_w if ratio is None else clear_w * ratio
