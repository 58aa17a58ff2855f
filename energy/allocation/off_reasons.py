"""Why a miner stops or stays off, and what would change it: one writer per reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from energy.allocation.decision import Reason
from energy.site.miners import MinerMode, MinerProfile
from energy.wording import kilowatt_hours, volts, watts

Numbers = dict[str, Any]
"""The numbers compared, by name."""

Sentences = tuple[str, str]
"""(why, what would change it)."""

_SECONDS_SHOWN_BELOW_S = 90.0


def minutes(seconds: float) -> str:
    """Seconds below a minute and a half, else whole minutes."""
    if seconds < _SECONDS_SHOWN_BELOW_S:
        return f"{max(0.0, seconds):.0f} s"
    return f"{seconds / 60.0:.0f} min"


def _emergency_stop(_numbers: Numbers, _profile: MinerProfile) -> Sentences:
    return "the emergency stop is latched.", "an admin ends the emergency stop with a reason"


def _lost(numbers: Numbers, _profile: MinerProfile) -> Sentences:
    age = numbers["voltage_age_s"]
    since = "there is none" if age is None else f"the newest is {minutes(age)} old"
    return f"battery voltage is lost ({since}).", "a fresh battery voltage"


def _stale(numbers: Numbers, _profile: MinerProfile) -> Sentences:
    if "load_power_w" in numbers:
        return "the load is unknown; nothing starts on missing data.", "a fresh load reading"
    age = numbers["voltage_age_s"]
    since = "can't be used" if age is None else f"is {minutes(age)} old"
    return f"the battery voltage {since}; nothing starts on stale data.", "a fresh battery voltage"


def _critical(n: Numbers, _profile: MinerProfile) -> Sentences:
    low, limit = n["lowest_voltage_v"], n["voltage_critical_low_v"]
    return f"{volts(low)} is at or below the critical {volts(limit)}.", "a charged battery"


def _emergency_voltage(n: Numbers, profile: MinerProfile) -> Sentences:
    low, limit = n["lowest_voltage_v"], n["emergency_stop_voltage_v"]
    return f"{volts(low)} is at or below its emergency voltage {volts(limit)}.", _starts_at(profile)


def _low(n: Numbers, profile: MinerProfile) -> Sentences:
    low, limit = n["rest_voltage_v"], n["voltage_low_v"]
    return f"{volts(low)} is at or below the low voltage {volts(limit)}.", _starts_at(profile)


def _locked_out(n: Numbers, profile: MinerProfile) -> Sentences:
    back = n["voltage_restart_v"]
    return (
        (
            f"the low-voltage lockout holds: {volts(n['rest_voltage_v'])} has not come back to"
            f" {volts(back)}."
        ),
        f"may start from {volts(max(back, profile.start_voltage))} rest voltage",
    )


def _below_stop(n: Numbers, profile: MinerProfile) -> Sentences:
    return (
        (
            f"{volts(n['rest_voltage_v'])} has been below its stop voltage"
            f" {volts(n['stop_voltage_v'])} for {profile.stop_hysteresis_minutes:g} min."
        ),
        _starts_at(profile),
    )


def _below_start(n: Numbers, profile: MinerProfile) -> Sentences:
    return (
        f"{volts(n['rest_voltage_v'])} is below its start voltage {volts(n['start_voltage_v'])}.",
        _starts_at(profile),
    )


def _start_hysteresis(n: Numbers, profile: MinerProfile) -> Sentences:
    return (
        (
            f"{volts(n['rest_voltage_v'])} is enough, but has not held for"
            f" {profile.start_hysteresis_minutes:g} min yet."
        ),
        _starts_at(profile),
    )


def _disabled(_numbers: Numbers, _profile: MinerProfile) -> Sentences:
    return "it is disabled in the settings.", "enabling it in the settings"


def _window(n: Numbers, _profile: MinerProfile) -> Sentences:
    start, end = int(n["window_start_hour"]), int(n["window_end_hour"])
    now = int(n["local_hour"])
    return (
        f"{now:02d}:00 is outside its window {start:02d}:00–{end:02d}:00.",
        f"may start from {start:02d}:00",
    )


def _runtime(n: Numbers, _profile: MinerProfile) -> Sentences:
    ran_h, limit_h = n["runtime_today_s"] / 3_600.0, n["maximum_runtime_s"] / 3_600.0
    return f"it has run {ran_h:.1f} h today, its limit is {limit_h:.1f} h.", "the next local day"


def _excess(n: Numbers, profile: MinerProfile) -> Sentences:
    free, needed = n["solar_surplus_free_w"], n["needed_w"]
    return (
        f"it needs {watts(needed)} of free sun and {watts(free)} are free.",
        (
            f"starts when {watts(max(0.0, needed - free))} more of sun are free for"
            f" {profile.start_hysteresis_minutes:g} min"
        ),
    )


def _minimum_solar(n: Numbers, _profile: MinerProfile) -> Sentences:
    now, limit = n["pv_potential_w"], n["minimum_solar_production_w"]
    return (
        f"solar production of {watts(now)} is below its minimum {watts(limit)}.",
        f"may start when {watts(limit - now)} more come from the sun",
    )


def _not_sunny(n: Numbers, _profile: MinerProfile) -> Sentences:
    word = "it is not known to be sunny" if n["sunny"] is None else "it is not sunny"
    return f"{word}, and it runs in sunny weather only.", "sunny weather"


def _reserve(n: Numbers, profile: MinerProfile) -> Sentences:
    mode, usable_wh, needed_wh = profile.operating_mode, n["usable_wh"], n["needed_wh"]
    more_w = max(0.0, n["needed_w"] - n["solar_surplus_free_w"])
    sun = f"starts when {watts(more_w)} more of sun are free"
    if mode is MinerMode.OPPORTUNISTIC:
        return "the sun alone does not carry it.", sun
    if not n.get("reserve_known", True):
        return "the night reserve is not known yet: nothing starts on battery.", sun
    why = (
        f"the night reserve comes first: {kilowatt_hours(usable_wh)} usable,"
        f" {kilowatt_hours(needed_wh)} wanted."
    )
    more = f"with {kilowatt_hours(max(0.0, needed_wh - usable_wh))} more in the battery"
    return why, f"starts {more}" if mode is MinerMode.BALANCED else f"{sun}, or {more}"


def _budget(n: Numbers, profile: MinerProfile) -> Sentences:
    needed, left = n["needed_w"], n["budget_left_w"]
    return (
        f"it needs {watts(needed)} and {watts(left)} of the budget are left.",
        (
            f"starts when {watts(needed - left)} more are free for"
            f" {profile.start_hysteresis_minutes:g} min"
        ),
    )


def _shed(n: Numbers, _profile: MinerProfile) -> Sentences:
    needed, left = n["needed_w"], n["budget_left_w"]
    return (
        f"a miner of higher priority takes its power ({watts(needed)} needed, {watts(left)} left).",
        f"starts again when {watts(needed - left)} more are free",
    )


def _minimum_off(n: Numbers, _profile: MinerProfile) -> Sentences:
    left_s = n["minimum_off_s"] - n["off_for_s"]
    return "it rests for its minimum off time.", f"may start in {minutes(left_s)}"


def _waits(n: Numbers, _profile: MinerProfile) -> Sentences:
    return (
        (
            f"its {watts(n['needed_w'])} are held by a miner in its minimum on time"
            f" ({watts(n['held_by_others_w'])})."
        ),
        "starts when that minimum on time is over",
    )


def _one_start(_numbers: Numbers, _profile: MinerProfile) -> Sentences:
    return "another miner starts first, one per cycle.", "the next cycle"


def _potential(n: Numbers, _profile: MinerProfile) -> Sentences:
    return (
        (
            f"it was started on sun that the full battery held back, and of its"
            f" {watts(n['needed_w'])} only {watts(n['measured_surplus_w'])} came within 3 min."
        ),
        "more measured sun; the estimate has been lowered",
    )


def _unknown(_numbers: Numbers, _profile: MinerProfile) -> Sentences:
    return "its switch does not answer; unknown is not off.", "its switch answering again"


WHY_OFF: dict[Reason, Callable[[Numbers, MinerProfile], Sentences]] = {
    Reason.EMERGENCY_STOP: _emergency_stop,
    Reason.TELEMETRY_LOST: _lost,
    Reason.TELEMETRY_STALE: _stale,
    Reason.VOLTAGE_CRITICAL: _critical,
    Reason.EMERGENCY_VOLTAGE: _emergency_voltage,
    Reason.VOLTAGE_LOW: _low,
    Reason.LOW_VOLTAGE_LOCKOUT: _locked_out,
    Reason.BELOW_STOP_VOLTAGE: _below_stop,
    Reason.BELOW_START_VOLTAGE: _below_start,
    Reason.START_HYSTERESIS: _start_hysteresis,
    Reason.DISABLED: _disabled,
    Reason.OUTSIDE_WINDOW: _window,
    Reason.MAXIMUM_RUNTIME: _runtime,
    Reason.EXCESS_SOLAR: _excess,
    Reason.MINIMUM_SOLAR: _minimum_solar,
    Reason.NOT_SUNNY: _not_sunny,
    Reason.NIGHT_RESERVE: _reserve,
    Reason.BUDGET: _budget,
    Reason.SHED: _shed,
    Reason.MINIMUM_OFF_TIME: _minimum_off,
    Reason.WAITS_FOR_MINIMUM_ON: _waits,
    Reason.ONE_START_PER_CYCLE: _one_start,
    Reason.POTENTIAL_NOT_MET: _potential,
    Reason.DEVICE_UNKNOWN: _unknown,
}


def _starts_at(profile: MinerProfile) -> str:
    return (
        f"starts at {volts(profile.start_voltage)} rest voltage held for"
        f" {profile.start_hysteresis_minutes:g} min"
    )
