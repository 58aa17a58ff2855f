"""What all miners of a cycle share: usable measurements, potential, reserve, lockout and budget."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from energy.allocation.budget import (
    battery_allowance,
    grid_excess_w,
    lendable_w,
    others_w,
)
from energy.allocation.decision import AllocationInput, Budget, LoadDecision
from energy.allocation.reasons import (
    ClockSetBack,
    ClockStaysBack,
    EmergencyStopped,
    EverythingStops,
    LoadUnknown,
    LockedOut,
    NothingStarts,
    TelemetryLost,
    VoltageCritical,
    VoltageLow,
    VoltageStale,
)
from energy.allocation.supply.night_reserve import Reserve, reserve_of
from energy.allocation.supply.pv_potential import Potential, potential_of
from energy.allocation.supply.surplus_means import (
    RUNNING_MEAN_S,
    START_MEAN_S,
    SurplusSamples,
    mean_surplus_w,
    with_surplus,
)
from energy.measuring.base_load import controlled_w
from energy.measuring.clock_jumps import SetBack, set_back
from energy.measuring.measured import Measured, measure
from energy.site.snapshot import Snapshot


class Situation(NamedTuple):
    """The site in one cycle, computed once for all loads; a tuple for speed of access.

    Attributes:
        at: The instant decided for.
        zone: The site's time zone.
        local_hour: The site's local hour, 0–23.
        everything_stops: Why every load stops at once; None when none must.
        nothing_starts: Why no load starts; None when some may.
        rest_v: Rest voltage, V; None when there is no voltage.
        raw_v: The voltage as measured, V.
        low_v: The lower of both, V.
        pv_w: Measured PV, W; None where it is not known.
        battery_w: What goes into the battery by its current, W; None where that is not known.
        supply_age_s: Age of the oldest of battery current, PV and load, the readings that show
            whether sun or battery feeds a load, s; None when one is missing.
        tolerance_w: By how much the budget may be short of a running load, W.
        budget_delay_min: For how long the budget may be short by more, while the battery lends,
            min.
        sun_delay_min: For how long the battery bridges a cloud for a sun-only load, min.
        sunny: Whether it is sunny; None is unknown.
        always_held: For a what-if without history: every delay counts as passed.
        potential: What the array could give.
        reserve: The night reserve.
        lockout: The low-voltage lockout holds.
        surplus_samples: Solar surplus of the last twenty minutes, this cycle's included.
        mean_surplus_w: Mean surplus of the last ten minutes, W, never above the one now: what a
            start may count on.
        carrying_surplus_w: Mean surplus of the last twenty minutes, W, never below the one now:
            what carries a running load.
        base_load_w: The base load, W; 0 when it is not known.
        other_loads_w: What heaters and fans take of the budget before the miners, W.
        controlled_load_w: What controlled loads take of the measured load, W.
        solar_surplus_w: PV potential less base load, and less the part of ``grid_excess_w`` that
            the battery allowance does not cover, W, never below 0.
        measured_surplus_w: The part of ``solar_surplus_w`` that is measured, W.
        house_deficit_w: What the house takes beyond the sun, W.
        battery_allowance_w: What the battery may give to discretionary loads, W.
        battery_factor: The operating mode's factor in the battery allowance.
        lendable_w: What the battery may lend to running loads for the budget's delay, W.
        grid_excess_w: Import beyond the owner's limit, W; it is taken out of the budget.
    """

    at: datetime
    zone: ZoneInfo
    local_hour: int
    everything_stops: EverythingStops | None
    nothing_starts: NothingStarts | None
    rest_v: float | None
    raw_v: float | None
    low_v: float | None
    pv_w: float | None
    battery_w: float | None
    supply_age_s: float | None
    tolerance_w: float
    budget_delay_min: float
    sun_delay_min: float
    sunny: bool | None
    always_held: bool
    potential: Potential
    reserve: Reserve
    lockout: bool
    surplus_samples: SurplusSamples
    mean_surplus_w: float
    carrying_surplus_w: float
    base_load_w: float
    controlled_load_w: float
    other_loads_w: float
    solar_surplus_w: float
    measured_surplus_w: float
    house_deficit_w: float
    battery_allowance_w: float
    battery_factor: float
    lendable_w: float
    grid_excess_w: float


def situation_of(
    question: AllocationInput, measured: Measured, loads: tuple[LoadDecision, ...] = ()
) -> Situation:
    """What all miners of a question share; ``loads`` is what heaters and fans are to do."""
    preferences, at = question.preferences, question.snapshot.at
    potential = potential_of(question, measured)
    lockout = _lockout(question, measured)
    reserve = reserve_of(question, measured, proven_full=potential.proven_full)
    base_w = 0.0 if measured.base_load_w is None else measured.base_load_w
    excess_w = grid_excess_w(measured.grid_w, preferences)
    surplus = _surplus_w(measured, potential, base_w)
    pv_w, load_w = measured.pv_w, measured.load_w
    known = pv_w is not None and load_w is not None
    samples = with_surplus(question.memory.surplus, at, surplus[0] if known else None)
    deficit_w = max(0.0, base_w - potential.potential_w)
    allowance_w, factor = battery_allowance(preferences, lockout=lockout, house_deficit_w=deficit_w)
    surplus_w = max(0.0, surplus[0] - max(0.0, excess_w - allowance_w))
    rest_v, low_v = measured.rest_voltage_v, measured.low_voltage_v
    zone = _zone(preferences.timezone)
    return Situation(
        at=at,
        zone=zone,
        local_hour=at.astimezone(zone).hour,
        everything_stops=_everything_stops(question, measured, low_v),
        nothing_starts=_nothing_starts(question, measured, rest_v, lockout=lockout),
        rest_v=rest_v,
        raw_v=measured.raw_voltage_v,
        low_v=low_v,
        pv_w=pv_w,
        battery_w=_battery_w(measured),
        supply_age_s=_supply_age_s(question.snapshot),
        tolerance_w=preferences.budget_tolerance_w,
        budget_delay_min=preferences.budget_delay_minutes,
        sun_delay_min=preferences.sun_delay_minutes,
        sunny=question.snapshot.sky.sunny,
        always_held=question.conditions_have_held,
        potential=potential,
        reserve=reserve,
        lockout=lockout,
        surplus_samples=samples,
        mean_surplus_w=_mean_surplus_w(question, samples, potential, base_w, surplus_w),
        carrying_surplus_w=_carrying_w(samples, at, surplus_w) if known else surplus_w,
        base_load_w=base_w,
        controlled_load_w=measured.controlled_load_w,
        other_loads_w=others_w(question.others, loads) if question.others else 0.0,
        solar_surplus_w=surplus_w,
        measured_surplus_w=min(surplus_w, surplus[1]),
        house_deficit_w=deficit_w,
        battery_allowance_w=max(0.0, allowance_w - excess_w),
        battery_factor=factor,
        lendable_w=lendable_w(preferences, lockout=lockout, taken_w=deficit_w + excess_w),
        grid_excess_w=excess_w,
    )


def measured_of(question: AllocationInput) -> Measured:
    """The measured state of the site in a question."""
    return measure(
        question.snapshot,
        question.preferences,
        learned=question.learned,
        memory=question.memory,
        controlled_load_w=controlled_w(question.miners, question.states, question.others),
    )


def budget_of(site: Situation, measured: Measured, *, allocated_w: float) -> Budget:
    """The budget with the numbers it is made of; ``allocated_w`` is what the miners take of
    it, W.
    """
    reserve = site.reserve
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
        other_loads_w=site.other_loads_w,
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
        tonight_reserve_wh=reserve.tonight_wh,
        dark_day_reserve_wh=reserve.dark_day_wh,
        reserve_known=reserve.known,
        grid_excess_w=site.grid_excess_w,
    )


def _battery_w(measured: Measured) -> float | None:
    current_a, raw_v = measured.current_a, measured.raw_voltage_v
    return None if current_a is None or raw_v is None else current_a * raw_v


def _supply_age_s(snapshot: Snapshot) -> float | None:
    current, pv, load = snapshot.battery_current_a, snapshot.pv_power_w, snapshot.load_power_w
    if current is None or pv is None or load is None:
        return None
    return max(current.age_s, pv.age_s, load.age_s)


def _everything_stops(
    question: AllocationInput, measured: Measured, low_v: float | None
) -> EverythingStops | None:
    """Latched stop, lost telemetry, critical voltage: the lower of raw and rest voltage counts."""
    if question.emergency_stop:
        return EmergencyStopped()
    behind = _behind(question)
    if measured.lost and behind is not None:
        return ClockStaysBack(set_back_s=behind.by_s, right_at=behind.until)
    if measured.lost:
        return TelemetryLost(voltage_age_s=measured.voltage_age_s)
    critical_v = question.preferences.voltage_critical_low
    if low_v is not None and low_v <= critical_v:
        return VoltageCritical(lowest_voltage_v=low_v, voltage_critical_low_v=critical_v)
    return None


def _behind(question: AllocationInput) -> SetBack | None:
    """How the clock is behind, until when by the site's local time."""
    behind = set_back(question.memory, question.snapshot.at)
    if behind is None:
        return None
    return behind._replace(until=behind.until.astimezone(_zone(question.preferences.timezone)))


def _nothing_starts(
    question: AllocationInput, measured: Measured, rest_v: float | None, *, lockout: bool
) -> NothingStarts | None:
    preferences, behind = question.preferences, _behind(question)
    if behind is not None:
        return ClockSetBack(set_back_s=behind.by_s, right_at=behind.until)
    if measured.stale or rest_v is None:
        return VoltageStale(voltage_age_s=measured.voltage_age_s)
    raw_v = measured.raw_voltage_v
    if rest_v <= preferences.voltage_low:
        low_v = preferences.voltage_low
        return VoltageLow(rest_voltage_v=rest_v, raw_voltage_v=raw_v, voltage_low_v=low_v)
    if lockout:
        back_v = preferences.voltage_restart
        return LockedOut(rest_voltage_v=rest_v, raw_voltage_v=raw_v, voltage_restart_v=back_v)
    return LoadUnknown() if measured.load_w is None else None


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
    question: AllocationInput,
    samples: SurplusSamples,
    potential: Potential,
    base_w: float,
    surplus_w: float,
) -> float:
    """Mean surplus that a start may count on, W. While PV is throttled its last minutes do not show
    what the sun could give, so only the surplus now counts.
    """
    if potential.full:
        return surplus_w
    pv_mean_w = question.snapshot.pv_mean_10min_w
    if pv_mean_w is not None:
        return min(surplus_w, max(0.0, pv_mean_w - base_w))
    mean_w = mean_surplus_w(samples, question.snapshot.at, START_MEAN_S)
    return surplus_w if mean_w is None else min(surplus_w, mean_w)


def _carrying_w(samples: SurplusSamples, at: datetime, surplus_w: float) -> float:
    mean_w = mean_surplus_w(samples, at, RUNNING_MEAN_S)
    return surplus_w if mean_w is None else max(surplus_w, mean_w)


def _lockout(question: AllocationInput, measured: Measured) -> bool:
    rest_v, preferences = measured.rest_voltage_v, question.preferences
    if rest_v is None:
        return question.memory.lockout
    if rest_v <= preferences.voltage_low:
        return True
    # An old voltage may set the lockout, but only a fresh one releases it.
    return question.memory.lockout and (measured.stale or rest_v < preferences.voltage_restart)
