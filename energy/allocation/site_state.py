"""What all miners of a cycle share: usable measurements, potential, reserve, lockout and budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from energy.allocation.budget import battery_allowance
from energy.allocation.decision import AllocationInput, Budget
from energy.allocation.night_reserve import Reserve, reserve_of
from energy.allocation.pv_potential import Potential, potential_of
from energy.measuring.base_load import controlled_w
from energy.measuring.measured import Measured, measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The site in one cycle, computed once.

    Attributes:
        at: The instant decided for.
        local_hour: Its hour on the site's own clock, daylight saving included.
        question: The question as given.
        measured: What may be used of the snapshot.
        potential: What the array could give.
        reserve: The night reserve.
        lockout: The low-voltage lockout holds.
        mean_surplus_w: Mean surplus of the last ten minutes, W, never above the one now.
        base_load_w: The house, W.
        controlled_load_w: What controlled loads take of the measured load, W.
        solar_surplus_w: Potential less base load, W, never below 0.
        measured_surplus_w: The part of it that is measured, W.
        house_deficit_w: What the house takes beyond the sun, W.
        battery_allowance_w: What the battery may give to discretionary loads, W.
        battery_factor: The operating mode's share in it.
        voltages: Rest and raw voltage as they are shown beside each threshold.
    """

    at: datetime
    local_hour: int
    question: AllocationInput
    measured: Measured
    potential: Potential
    reserve: Reserve
    lockout: bool
    mean_surplus_w: float
    base_load_w: float
    controlled_load_w: float
    solar_surplus_w: float
    measured_surplus_w: float
    house_deficit_w: float
    battery_allowance_w: float
    battery_factor: float
    voltages: tuple[tuple[str, float | None], ...]


def site_of(question: AllocationInput) -> Site:
    """The site's view of a question."""
    preferences, at = question.preferences, question.snapshot.at
    measured = measured_of(question)
    potential = potential_of(question, measured)
    lockout = _lockout(question, measured)
    reserve = reserve_of(question, measured, proven_full=potential.proven_full)
    base_w = 0.0 if measured.base_load_w is None else measured.base_load_w
    surplus_w, measured_surplus_w = _surplus_w(measured, potential, base_w)
    deficit_w = max(0.0, base_w - potential.potential_w)
    allowance_w, factor = battery_allowance(preferences, lockout=lockout, house_deficit_w=deficit_w)
    return Site(
        at=at,
        local_hour=at.astimezone(_zone(preferences.timezone)).hour,
        question=question,
        measured=measured,
        potential=potential,
        reserve=reserve,
        lockout=lockout,
        mean_surplus_w=_mean_surplus_w(question, potential, base_w, surplus_w),
        base_load_w=base_w,
        controlled_load_w=measured.controlled_load_w,
        solar_surplus_w=surplus_w,
        measured_surplus_w=measured_surplus_w,
        house_deficit_w=deficit_w,
        battery_allowance_w=allowance_w,
        battery_factor=factor,
        voltages=(
            ("rest_voltage_v", measured.rest_voltage_v),
            ("raw_voltage_v", measured.raw_voltage_v),
        ),
    )


def measured_of(question: AllocationInput) -> Measured:
    """What is true of the site that a question is asked about."""
    return measure(
        question.snapshot,
        question.preferences,
        learned=question.learned,
        memory=question.memory,
        controlled_load_w=controlled_w(question.miners, question.states, question.others),
    )


def budget_of(site: Site, *, allocated_w: float) -> Budget:
    """The budget and how it came about, with what the miners take of it, W."""
    measured, reserve = site.measured, site.reserve
    return Budget(
        raw_voltage_v=measured.raw_voltage_v,
        rest_voltage_v=measured.rest_voltage_v,
        voltage_source=measured.voltage_source,
        soc_pct=measured.soc_pct,
        pv_power_w=measured.pv_w,
        pv_potential_w=site.potential.potential_w,
        throttled=site.potential.throttled,
        base_load_w=site.base_load_w,
        controlled_load_w=site.controlled_load_w,
        solar_surplus_w=site.solar_surplus_w,
        measured_surplus_w=site.measured_surplus_w,
        potential_surplus_w=site.solar_surplus_w - site.measured_surplus_w,
        battery_allowance_w=site.battery_allowance_w,
        battery_factor=site.battery_factor,
        house_deficit_w=site.house_deficit_w,
        usable_wh=reserve.usable_wh,
        reserve_wh=reserve.reserve_wh,
        total_w=site.solar_surplus_w + site.battery_allowance_w,
        allocated_w=allocated_w,
    )


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _surplus_w(measured: Measured, potential: Potential, base_w: float) -> tuple[float, float]:
    """(surplus, the part of it that is measured), W; zero where nothing is known of the load."""
    if measured.base_load_w is None:
        return 0.0, 0.0
    surplus_w = max(0.0, potential.potential_w - base_w)
    pv_w = 0.0 if measured.pv_w is None else measured.pv_w
    return surplus_w, min(surplus_w, max(0.0, pv_w - base_w))


def _mean_surplus_w(
    question: AllocationInput, potential: Potential, base_w: float, surplus_w: float
) -> float:
    """Throttled sun says nothing of the last minutes: then the surplus now counts alone."""
    mean_w = question.snapshot.pv_mean_10min_w
    if mean_w is None or potential.proven_full:
        return surplus_w
    return min(surplus_w, max(0.0, mean_w - base_w))


def _lockout(question: AllocationInput, measured: Measured) -> bool:
    rest_v, preferences = measured.rest_voltage_v, question.preferences
    if rest_v is None:
        return question.memory.lockout
    if rest_v <= preferences.voltage_low:
        return True
    # An old voltage may set the lockout, but only a fresh one releases it.
    return question.memory.lockout and (measured.stale or rest_v < preferences.voltage_restart)
