"""Why a miner stops or stays off, as a clause with the numbers compared."""

from __future__ import annotations

from typing import assert_never

from energy.allocation.explanation.would_change import minutes
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
from energy.site.miners import MinerMode, MinerProfile
from energy.wording import duration, kilowatt_hours, volts, watts


def why_off(  # noqa: PLR0911 - one line per group of reasons
    reason: WhyStopped, profile: MinerProfile
) -> str:
    """The clause in small letters, with its full stop, e.g. ``52.30 V is below …``."""
    match reason:
        case EmergencyStopped() | TelemetryLost() | VoltageStale() | LoadUnknown():
            return _of_the_site(reason)
        case ClockSetBack() | ClockStaysBack():
            return _of_the_clock(reason)
        case VoltageCritical() | EmergencyVoltage() | VoltageLow() | LockedOut():
            return _of_low_voltage(reason)
        case BelowStopVoltage() | BelowStartVoltage() | StartHysteresis():
            return _of_its_voltages(reason, profile)
        case BudgetShort() | Shed() | WaitsForMinimumOn() | OneStartPerCycle():
            return _of_the_budget(reason)
        case MinimumOff():
            return "it rests for its minimum off time."
        case PotentialNotMet(needed_w=needed_w, measured_surplus_w=came_w):
            return (
                "it was started on sun that the full battery had throttled, and of its"
                f" {watts(needed_w)} only {watts(came_w)} came within 3 min."
            )
        case HeldOff() | AskedOff() | DeviceUnknown() | DrawsThoughOff() | NotControlled():
            return _of_its_switch(reason)
        case _:
            return _of_conditions(reason, profile)


def _of_its_switch(
    reason: HeldOff | AskedOff | DeviceUnknown | DrawsThoughOff | NotControlled,
) -> str:
    match reason:
        case HeldOff(held_by=by, held_until=until):
            return f"held by {by} until {until:%H:%M}."
        case AskedOff(asked_by=by):
            return f"asked for by {by}."
        case DeviceUnknown():
            return "its switch does not answer, it may be on."
        case DrawsThoughOff(power_w=power_w):
            return f"its switch says off, and it draws {watts(power_w)}."
        case NotControlled():
            return "its control method is none."
        case _:
            assert_never(reason)


def _of_the_site(reason: EmergencyStopped | TelemetryLost | VoltageStale | LoadUnknown) -> str:
    match reason:
        case EmergencyStopped():
            return "the emergency stop is latched."
        case TelemetryLost(voltage_age_s=age_s):
            since = "there is none" if age_s is None else f"the newest is {minutes(age_s)} old"
            return f"battery voltage is lost ({since})."
        case VoltageStale(voltage_age_s=age_s):
            since = "can't be used" if age_s is None else f"is {minutes(age_s)} old"
            return f"the battery voltage {since}; nothing starts on stale data."
        case LoadUnknown():
            return "the load is unknown; nothing starts on missing data."
        case _:
            assert_never(reason)


def _of_the_clock(reason: ClockSetBack | ClockStaysBack) -> str:
    set_back = f"the clock of this computer was set back by {duration(reason.set_back_s)}"
    nothing = "starts" if isinstance(reason, ClockSetBack) else "runs"
    until = f"until it shows {reason.right_at:%H:%M} no value is known to be new"
    return f"{set_back}; {until}, and nothing {nothing}."


def _of_low_voltage(reason: VoltageCritical | EmergencyVoltage | VoltageLow | LockedOut) -> str:
    match reason:
        case VoltageCritical(lowest_voltage_v=low_v, voltage_critical_low_v=limit_v):
            return f"{volts(low_v)} is at or below the critical {volts(limit_v)}."
        case EmergencyVoltage(lowest_voltage_v=low_v, emergency_stop_voltage_v=limit_v):
            return f"{volts(low_v)} is at or below its emergency voltage {volts(limit_v)}."
        case VoltageLow(rest_voltage_v=rest_v, voltage_low_v=limit_v):
            return f"{volts(rest_v)} is at or below the low voltage {volts(limit_v)}."
        case LockedOut(rest_voltage_v=rest_v, voltage_restart_v=back_v):
            back = f"{volts(rest_v)} has not come back to {volts(back_v)}"
            return f"the low-voltage lockout holds: {back}."
        case _:
            assert_never(reason)


def _of_its_voltages(
    reason: BelowStopVoltage | BelowStartVoltage | StartHysteresis, profile: MinerProfile
) -> str:
    match reason:
        case BelowStopVoltage(rest_voltage_v=rest_v, stop_voltage_v=stop_v):
            lasted = f"for {profile.stop_hysteresis_minutes:g} min"
            return f"{volts(rest_v)} has been below its stop voltage {volts(stop_v)} {lasted}."
        case BelowStartVoltage(rest_voltage_v=rest_v, start_voltage_v=start_v):
            return f"{volts(rest_v)} is below its start voltage {volts(start_v)}."
        case StartHysteresis(rest_voltage_v=rest_v):
            not_yet = f"has not held for {profile.start_hysteresis_minutes:g} min yet"
            return f"{volts(rest_v)} is enough, but {not_yet}."
        case _:
            assert_never(reason)


def _of_the_budget(reason: BudgetShort | Shed | WaitsForMinimumOn | OneStartPerCycle) -> str:
    match reason:
        case BudgetShort(needed_w=needed_w, budget_left_w=left_w):
            return f"it needs {watts(needed_w)} and {watts(left_w)} of the budget are left."
        case Shed(needed_w=needed_w, budget_left_w=left_w):
            numbers = f"{watts(needed_w)} needed, {watts(left_w)} left"
            return f"a miner of higher priority takes its power ({numbers})."
        case WaitsForMinimumOn(needed_w=needed_w, held_by_others_w=held_w):
            holds = f"are held by a miner that may not be stopped yet ({watts(held_w)})"
            return f"its {watts(needed_w)} {holds}."
        case OneStartPerCycle():
            return "another miner starts first in this cycle."
        case _:
            assert_never(reason)


def _of_conditions(condition: Condition, profile: MinerProfile) -> str:
    match condition:
        case Disabled():
            return "it is disabled in the settings."
        case OutsideWindow(local_hour=now, window_start_hour=start, window_end_hour=end):
            return f"{now:02.0f}:00 is outside its window {start:02.0f}:00–{end:02.0f}:00."
        case MaximumRuntime(runtime_today_s=ran_s, maximum_runtime_s=limit_s):
            ran_h, limit_h = ran_s / 3_600.0, limit_s / 3_600.0
            return f"it has run {ran_h:.1f} h today, its limit is {limit_h:.1f} h."
        case ExcessSolarShort(solar_surplus_free_w=free_w, needed_w=needed_w):
            return f"it needs {watts(needed_w)} of free sun and {watts(free_w)} are free."
        case SolarBelowMinimum(pv_potential_w=now_w, minimum_solar_production_w=limit_w):
            return f"solar production of {watts(now_w)} is below its minimum {watts(limit_w)}."
        case NotSunny(sunny=sunny):
            word = "it is not known to be sunny" if sunny is None else "it is not sunny"
            return f"{word}, and it runs in sunny weather only."
        case ReserveKept():
            return _of_the_reserve(condition, profile)
        case _:
            assert_never(condition)


def _of_the_reserve(reason: ReserveKept, profile: MinerProfile) -> str:
    usable_wh, needed_wh = reason.usable_wh, reason.needed_wh
    sun_needs_wh = reason.sun_needs_wh
    if usable_wh is not None and sun_needs_wh is not None and not _waits_for_energy(profile):
        energies = f"{kilowatt_hours(usable_wh)} usable, {kilowatt_hours(sun_needs_wh)} wanted"
        return f"the sun charges the battery first: {energies}."
    if profile.operating_mode is MinerMode.OPPORTUNISTIC:
        return "the sun alone does not carry it."
    if not reason.reserve_known or usable_wh is None or needed_wh is None:
        return "the night reserve is not known yet: nothing starts on battery."
    energies = f"{kilowatt_hours(usable_wh)} usable, {kilowatt_hours(needed_wh)} wanted"
    return f"the night reserve comes first: {energies}."


def _waits_for_energy(profile: MinerProfile) -> bool:
    """Whether sun alone never starts this miner: a balanced one lets the sun fill the battery
    first.
    """
    return profile.operating_mode is MinerMode.BALANCED
