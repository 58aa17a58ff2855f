"""What would let a miner start that stops or stays off."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from energy.allocation.explanation.would_change import (
    BudgetFree,
    EnergyStored,
    Happens,
    HoldEnds,
    LockoutEnds,
    NextCycle,
    OthersMinimumOver,
    SunFree,
    SunProduced,
    TimePassed,
    VoltageHeld,
    VoltageReached,
    WindowOpens,
    WouldChange,
)
from energy.allocation.reasons import (
    AskedOff,
    BelowStartVoltage,
    BelowStopVoltage,
    BudgetShort,
    ClockSetBack,
    ClockStaysBack,
    Condition,
    DeviceUnknown,
    Disabled,
    DrawsThoughOff,
    EmergencyStopped,
    EmergencyVoltage,
    ExcessSolarShort,
    HeldOff,
    LoadUnknown,
    LockedOut,
    MaximumRuntime,
    MinimumOff,
    NotControlled,
    NotSunny,
    OneStartPerCycle,
    OutsideWindow,
    PotentialNotMet,
    ReserveKept,
    Shed,
    SolarBelowMinimum,
    StartHysteresis,
    TelemetryLost,
    VoltageCritical,
    VoltageLow,
    VoltageStale,
    WaitsForMinimumOn,
    WhyStopped,
)
from energy.site.miners import MinerMemory, MinerMode, MinerProfile
from energy.wording import kilowatt_hours

_OF_SWITCHES = {
    DeviceUnknown: Happens(event="its switch answering again"),
    DrawsThoughOff: Happens(event="its relay opening: it may be welded"),
    NotControlled: Happens(event="another control method in its settings"),
}


def would_start(  # noqa: PLR0911 - one line per reason
    reason: WhyStopped,
    profile: MinerProfile,
    *,
    at: datetime,
    memory: MinerMemory,
    site_starts_v: float,
    waits: bool,
) -> WouldChange:
    """What has to change so that ``reason`` no longer applies.

    ``site_starts_v`` is the rest voltage from which the site lets anything start.
    ``waits``: the miner is off already; one that is only now stopped also has to wait for its
    minimum off time.
    """
    match reason:
        case EmergencyStopped():
            return Happens(event="an admin ends the emergency stop with a reason")
        case TelemetryLost() | VoltageStale() | LoadUnknown() | ClockSetBack() | ClockStaysBack():
            return Happens(event=_of_the_readings(reason))
        case StartHysteresis():
            return _rest_of_hysteresis(profile, memory, at)
        case MinimumOff(off_for_s=off_s, minimum_off_s=minimum_s):
            return TimePassed(seconds=minimum_s - off_s)
        case BudgetShort() | Shed() | WaitsForMinimumOn() | OneStartPerCycle():
            return _of_the_budget(reason, waits=waits)
        case PotentialNotMet():
            return Happens(event="more measured sun; the estimate has been lowered")
        case HeldOff(held_until=until) | AskedOff(asked_until=until):
            return HoldEnds(until=until)
        case DeviceUnknown() | DrawsThoughOff() | NotControlled():
            return _OF_SWITCHES[type(reason)]
        case (
            VoltageCritical()
            | EmergencyVoltage()
            | VoltageLow()
            | LockedOut()
            | BelowStopVoltage()
            | BelowStartVoltage()
        ):
            return _of_voltages(reason, profile, site_starts_v)
        case _:
            return _of_conditions(reason, profile)


def _of_the_readings(
    reason: TelemetryLost | VoltageStale | LoadUnknown | ClockSetBack | ClockStaysBack,
) -> str:
    match reason:
        case ClockSetBack(right_at=right_at) | ClockStaysBack(right_at=right_at):
            return f"this computer's clock shows {right_at:%H:%M}"
        case LoadUnknown():
            return "a fresh load reading"
        case TelemetryLost() | VoltageStale():
            return "a fresh battery voltage"
        case _:
            assert_never(reason)


def _of_voltages(
    reason: VoltageCritical
    | EmergencyVoltage
    | VoltageLow
    | LockedOut
    | BelowStopVoltage
    | BelowStartVoltage,
    profile: MinerProfile,
    site_starts_v: float,
) -> WouldChange:
    held_min = profile.start_hysteresis_minutes
    start_v = max(profile.start_voltage, site_starts_v)
    match reason:
        case VoltageCritical():
            return Happens(event="a charged battery")
        case LockedOut():
            return LockoutEnds(voltage_v=start_v, held_min=held_min)
        case EmergencyVoltage() | VoltageLow() | BelowStopVoltage() | BelowStartVoltage():
            return VoltageReached(voltage_v=start_v, held_min=held_min)
        case _:
            assert_never(reason)


def _of_the_budget(
    reason: BudgetShort | Shed | WaitsForMinimumOn | OneStartPerCycle, *, waits: bool
) -> WouldChange:
    match reason:
        case BudgetShort(needed_w=needed_w, budget_left_w=left_w):
            return BudgetFree(more_w=needed_w - left_w, promised=waits)
        case Shed(needed_w=needed_w, budget_left_w=left_w):
            return BudgetFree(more_w=needed_w - left_w, promised=False)
        case WaitsForMinimumOn():
            return OthersMinimumOver()
        case OneStartPerCycle():
            return NextCycle()
        case _:
            assert_never(reason)


def _of_conditions(condition: Condition, profile: MinerProfile) -> WouldChange:
    match condition:
        case Disabled():
            return Happens(event="enabling it in the settings")
        case OutsideWindow(window_start_hour=start):
            return WindowOpens(hour=int(start))
        case MaximumRuntime():
            return Happens(event="the next local day")
        case ExcessSolarShort(solar_surplus_free_w=free_w, needed_w=needed_w):
            return SunFree(more_w=max(0.0, needed_w - free_w))
        case SolarBelowMinimum(pv_potential_w=now_w, minimum_solar_production_w=limit_w):
            return SunProduced(more_w=limit_w - now_w)
        case NotSunny():
            return Happens(event="sunny weather")
        case ReserveKept():
            return _of_the_reserve(condition, profile)
        case _:
            assert_never(condition)


def _of_the_reserve(reason: ReserveKept, profile: MinerProfile) -> WouldChange:
    sun_w = max(0.0, reason.needed_w - reason.solar_surplus_free_w)
    mode, usable_wh, needed_wh = profile.operating_mode, reason.usable_wh, reason.needed_wh
    sun_needs_wh = reason.sun_needs_wh
    by_sun = mode is not MinerMode.BALANCED or not reason.reserve_known
    if by_sun and usable_wh is not None and sun_needs_wh is not None:
        more = kilowatt_hours(sun_needs_wh - usable_wh)
        return Happens(event=f"{more} more in the battery, and sun that carries it")
    known = reason.reserve_known and mode is not MinerMode.OPPORTUNISTIC
    if not known or usable_wh is None or needed_wh is None:
        return SunFree(more_w=sun_w)
    more_wh = max(0.0, needed_wh - usable_wh)
    return EnergyStored(more_wh=more_wh, sun_w=None if mode is MinerMode.BALANCED else sun_w)


def _rest_of_hysteresis(profile: MinerProfile, memory: MinerMemory, at: datetime) -> VoltageHeld:
    held_s = 0.0 if memory.start_since is None else (at - memory.start_since).total_seconds()
    return VoltageHeld(
        voltage_v=profile.start_voltage,
        more_s=profile.start_hysteresis_minutes * 60.0 - held_s,
    )
