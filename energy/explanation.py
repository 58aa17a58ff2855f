"""One plain sentence per miner with the numbers behind it, and what would change it.

Rendered from a decision alone: the same decision always reads the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from energy.decision import Budget, Command, Decision, MinerDecision, Reason
from energy.miners import MinerMemory, MinerProfile

if TYPE_CHECKING:
    from energy.gates import Site

Numbers = dict[str, Any]
Sentences = tuple[str, str]


def explain(decision: Decision) -> Decision:
    """The decision with every miner's explanation and what would change it."""
    profiles = {profile.id: profile for profile in decision.inputs.miners}
    memory = dict(decision.memory.miners)
    miners = []
    for miner in decision.miners:
        profile = profiles[miner.miner_id]
        why, change = _sentences(miner, profile, memory.get(miner.miner_id), decision)
        miners.append(
            MinerDecision(
                miner_id=miner.miner_id,
                name=miner.name,
                priority=miner.priority,
                command=miner.command,
                reason=miner.reason,
                compared=miner.compared,
                power_w=miner.power_w,
                from_battery_w=miner.from_battery_w,
                urgent=miner.urgent,
                explanation=why,
                would_change=change,
            )
        )
    return Decision(
        budget=decision.budget,
        miners=tuple(miners),
        limits=decision.limits,
        memory=decision.memory,
        inputs=decision.inputs,
        version=decision.version,
    )


def site_limits(site: Site, budget: Budget) -> tuple[str, ...]:
    """What holds back the site as a whole, one sentence each."""
    preferences, limits = site.question.preferences, []
    if site.question.emergency_stop:
        limits.append("The emergency stop is latched: nothing runs until an admin ends it.")
    if site.measured.lost:
        limits.append("Telemetry is lost: every miner is stopped.")
    elif site.measured.stale:
        limits.append("The battery voltage is too old: nothing starts.")
    if site.lockout:
        limits.append(
            "Low-voltage lockout: nothing starts until the rest voltage is back at"
            f" {preferences.voltage_restart:.2f} V."
        )
    if site.measured.load_w is None:
        limits.append("The load is unknown: the sun's surplus counts as zero.")
    if budget.throttled:
        limits.append(
            f"The battery is full and holds the sun back: {budget.pv_potential_w:,.0f} W could be"
            f" had, {budget.potential_surplus_w:,.0f} W of the surplus is not measured yet."
        )
    return tuple(limits)


def _sentences(
    miner: MinerDecision, profile: MinerProfile, memory: MinerMemory | None, decision: Decision
) -> Sentences:
    numbers: Numbers = dict(miner.compared)
    if miner.command in {Command.START, Command.KEEP_RUNNING}:
        return _running(miner, profile, numbers, decision)
    writer = _WHY_OFF.get(miner.reason)
    if writer is None:
        return "It stays off.", ""
    why, change = writer(numbers, profile)
    if miner.reason is Reason.START_HYSTERESIS and memory is not None:
        change = _hysteresis_left(profile, memory, decision)
    verb = "Stopped" if miner.command is Command.STOP else "Off"
    return f"{verb}: {why}", change


def _running(
    miner: MinerDecision, profile: MinerProfile, numbers: Numbers, decision: Decision
) -> Sentences:
    budget = decision.budget
    paid = _paid_by(miner)
    stops = (
        f"stops below {profile.stop_voltage:.2f} V rest voltage held for"
        f" {profile.stop_hysteresis_minutes:g} min, at once at"
        f" {profile.emergency_stop_voltage:.2f} V"
    )
    if miner.command is Command.START:
        why = f"Starts: {_v(budget.rest_voltage_v)} is at or above its start voltage"
        why += f" {profile.start_voltage:.2f} V and its {miner.power_w:,.0f} W fit ({paid})."
        if miner.reason is Reason.HEAT_WANTED:
            why += " Its zone wants the heat."
        return why, stops
    match miner.reason:
        case Reason.MINIMUM_ON_TIME:
            left_s = numbers["minimum_on_s"] - numbers["on_for_s"]
            held = str(numbers.get("held_against", "")).replace("_", " ")
            why = (
                f"Keeps running for its minimum on time, {_minutes(left_s)} more, against: {held}."
            )
            return why, f"stops in {_minutes(left_s)} unless the reason ceases"
        case Reason.STOP_HYSTERESIS:
            why = (
                f"Keeps running ({paid}), but a condition has ceased: {_numbers(numbers)}. It stops"
                f" when that lasts {profile.stop_hysteresis_minutes:g} min."
            )
            return why, stops
        case Reason.BUDGET_TOLERANCE:
            why = f"Keeps running: the budget is short by less than the tolerance ({paid})."
            return why, stops
        case _:
            return f"Keeps running at {_v(budget.rest_voltage_v)} ({paid}).", stops


def _paid_by(miner: MinerDecision) -> str:
    sun_w = miner.power_w - miner.from_battery_w
    if miner.from_battery_w <= 0.0:
        return f"{sun_w:,.0f} W from the sun"
    if sun_w <= 0.0:
        return f"{miner.from_battery_w:,.0f} W from the battery"
    return f"{sun_w:,.0f} W from the sun, {miner.from_battery_w:,.0f} W from the battery"


def _hysteresis_left(profile: MinerProfile, memory: MinerMemory, decision: Decision) -> str:
    if memory.start_since is None:
        return ""
    held_s = (decision.inputs.snapshot.at - memory.start_since).total_seconds()
    left_s = profile.start_hysteresis_minutes * 60.0 - held_s
    return f"starts when voltage has held {profile.start_voltage:.2f} V for {_minutes(left_s)} more"


def _emergency_stop(_numbers: Numbers, _profile: MinerProfile) -> Sentences:
    return "the emergency stop is latched.", "an admin ends the emergency stop with a reason"


def _lost(numbers: Numbers, _profile: MinerProfile) -> Sentences:
    age = numbers.get("voltage_age_s")
    since = "there is none" if age is None else f"the newest is {_minutes(age)} old"
    return f"battery voltage is lost ({since}).", "a fresh battery voltage"


def _stale(numbers: Numbers, _profile: MinerProfile) -> Sentences:
    age = numbers.get("voltage_age_s")
    since = "can't be used" if age is None else f"is {_minutes(age)} old"
    return f"the battery voltage {since}; nothing starts on stale data.", "a fresh battery voltage"


def _critical(n: Numbers, _profile: MinerProfile) -> Sentences:
    low, limit = n["lowest_voltage_v"], n["voltage_critical_low_v"]
    return f"{low:.2f} V is at or below the critical {limit:.2f} V.", "a charged battery"


def _emergency_voltage(n: Numbers, profile: MinerProfile) -> Sentences:
    low, limit = n["lowest_voltage_v"], n["emergency_stop_voltage_v"]
    return f"{low:.2f} V is at or below its emergency voltage {limit:.2f} V.", _starts_at(profile)


def _low(n: Numbers, profile: MinerProfile) -> Sentences:
    low, limit = n["rest_voltage_v"], n["voltage_low_v"]
    return f"{low:.2f} V is at or below the low voltage {limit:.2f} V.", _starts_at(profile)


def _locked_out(n: Numbers, profile: MinerProfile) -> Sentences:
    back = n["voltage_restart_v"]
    return (
        f"the low-voltage lockout holds: {n['rest_voltage_v']:.2f} V has not come back to"
        f" {back:.2f} V.",
        f"may start from {max(back, profile.start_voltage):.2f} V rest voltage",
    )


def _below_stop(n: Numbers, profile: MinerProfile) -> Sentences:
    return (
        f"{n['rest_voltage_v']:.2f} V has been below its stop voltage {n['stop_voltage_v']:.2f} V"
        f" for {profile.stop_hysteresis_minutes:g} min.",
        _starts_at(profile),
    )


def _below_start(n: Numbers, profile: MinerProfile) -> Sentences:
    return (
        f"{n['rest_voltage_v']:.2f} V is below its start voltage {n['start_voltage_v']:.2f} V.",
        _starts_at(profile),
    )


def _start_hysteresis(n: Numbers, profile: MinerProfile) -> Sentences:
    return (
        f"{n['rest_voltage_v']:.2f} V is enough, but has not held for"
        f" {profile.start_hysteresis_minutes:g} min yet.",
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
        f"it needs {needed:,.0f} W of free sun and {free:,.0f} W are free.",
        f"starts when {max(0.0, needed - free):,.0f} W more of sun are free for"
        f" {profile.start_hysteresis_minutes:g} min",
    )


def _minimum_solar(n: Numbers, _profile: MinerProfile) -> Sentences:
    now, limit = n["pv_potential_w"], n["minimum_solar_production_w"]
    return (
        f"solar production of {now:,.0f} W is below its minimum {limit:,.0f} W.",
        f"may start when {limit - now:,.0f} W more come from the sun",
    )


def _not_sunny(n: Numbers, _profile: MinerProfile) -> Sentences:
    word = "it is not known to be sunny" if n.get("sunny") is None else "it is not sunny"
    return f"{word}, and it runs in sunny weather only.", "sunny weather"


def _reserve(n: Numbers, _profile: MinerProfile) -> Sentences:
    usable, needed = n.get("usable_wh"), n.get("needed_wh")
    more_w = max(0.0, n["needed_w"] - n["solar_surplus_free_w"])
    change = f"runs when {more_w:,.0f} W more of sun are free"
    if usable is None or needed is None or usable >= needed:
        return "the sun alone does not carry it.", change
    return (
        f"the night reserve comes first: {usable / 1000.0:.1f} kWh usable,"
        f" {needed / 1000.0:.1f} kWh wanted.",
        f"{change}, or with {(needed - usable) / 1000.0:.1f} kWh more in the battery",
    )


def _budget(n: Numbers, profile: MinerProfile) -> Sentences:
    needed, left = n["needed_w"], n["budget_left_w"]
    return (
        f"it needs {needed:,.0f} W and {left:,.0f} W of the budget are left.",
        f"starts when {needed - left:,.0f} W more are free for"
        f" {profile.start_hysteresis_minutes:g} min",
    )


def _shed(n: Numbers, _profile: MinerProfile) -> Sentences:
    needed, left = n["needed_w"], n["budget_left_w"]
    return (
        f"a miner of higher priority takes its power ({needed:,.0f} W needed, {left:,.0f} W left).",
        f"starts again when {needed - left:,.0f} W more are free",
    )


def _minimum_off(n: Numbers, _profile: MinerProfile) -> Sentences:
    left_s = n["minimum_off_s"] - n["off_for_s"]
    return "it rests for its minimum off time.", f"may start in {_minutes(left_s)}"


def _waits(n: Numbers, _profile: MinerProfile) -> Sentences:
    return (
        f"its {n['needed_w']:,.0f} W are held by a miner in its minimum on time"
        f" ({n['held_by_others_w']:,.0f} W).",
        "starts when that minimum on time is over",
    )


def _one_start(_numbers: Numbers, _profile: MinerProfile) -> Sentences:
    return "another miner starts first, one per cycle.", "the next cycle"


def _potential(n: Numbers, _profile: MinerProfile) -> Sentences:
    measured = n.get("pv_power_w")
    came = 0.0 if measured is None else measured
    return (
        f"it was started on {n['pv_potential_w']:,.0f} W of expected sun and only"
        f" {came:,.0f} W came within 3 min.",
        "more measured sun; the estimate has been lowered",
    )


def _unknown(_numbers: Numbers, _profile: MinerProfile) -> Sentences:
    return "its switch does not answer; unknown is not off.", "its switch answering again"


_WHY_OFF: dict[Reason, Callable[[Numbers, MinerProfile], Sentences]] = {
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
        f"starts at {profile.start_voltage:.2f} V rest voltage held for"
        f" {profile.start_hysteresis_minutes:g} min"
    )


def _minutes(seconds: float) -> str:
    if seconds < 90.0:
        return f"{max(0.0, seconds):.0f} s"
    return f"{seconds / 60.0:.0f} min"


def _v(voltage_v: float | None) -> str:
    return "unknown voltage" if voltage_v is None else f"{voltage_v:.2f} V"


def _numbers(numbers: Numbers) -> str:
    shown = []
    for name, value in numbers.items():
        if isinstance(value, float):
            label, _, unit = name.rpartition("_")
            shown.append(f"{label.replace('_', ' ')} {value:,.1f} {unit.upper()}")
    return ", ".join(shown)
