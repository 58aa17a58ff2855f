"""One sentence per miner with the numbers behind it, and what would change it.

Made from the decision alone, when it is read: the same decision always gives the same sentences.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, assert_never

from energy.allocation.decision import Command, Decision, MinerDecision
from energy.allocation.explanation.off_changes import would_start
from energy.allocation.explanation.off_sentences import why_off
from energy.allocation.explanation.reason_codec import compared
from energy.allocation.explanation.would_change import (
    HoldEnds,
    StopsBelow,
    StopsIn,
    WouldChange,
    minutes,
    phrase,
)
from energy.allocation.reasons import (
    AskedOn,
    BatteryLends,
    Condition,
    ConditionCeased,
    DippedBelowStop,
    Eligible,
    HeatWanted,
    HeldOn,
    MinimumOn,
    NotControlled,
    Running,
    WhyRunning,
    WithinTolerance,
)
from energy.site.miners import MinerMemory, MinerProfile
from energy.wording import grouped, volts, watts


class Sentences(NamedTuple):
    """Why a miner has its command, and what would change it."""

    explanation: str
    would_change: str


class Explanations:
    """The sentences of one decision."""

    def __init__(self, decision: Decision) -> None:
        """Keep the decision; sentences are made only when asked for."""
        self._decision = decision
        self._profiles = {profile.id: profile for profile in decision.inputs.miners}
        self._memory = dict(decision.memory.miners)
        self._is_on = {state.miner_id: state.is_on for state in decision.inputs.states}
        self._site_starts_v = _site_starts_v(decision)

    def of(self, miner: MinerDecision) -> Sentences:
        """The sentences of one miner of the decision."""
        return Sentences(self.why(miner), phrase(self.change(miner)))

    def all(self) -> Iterator[tuple[MinerDecision, Sentences]]:
        """Every miner with its sentences, in the decision's order."""
        return ((miner, self.of(miner)) for miner in self._decision.miners)

    def why(self, miner: MinerDecision) -> str:
        """Why a miner has its command."""
        profile, reason = self._profiles[miner.miner_id], miner.reason
        if isinstance(reason, AskedOn):
            return f"Starts: asked for by {reason.asked_by} ({_paid_by(miner)})."
        if isinstance(reason, Eligible | HeatWanted):
            return _starts(miner, reason, profile)
        if isinstance(reason, WhyRunning):
            return _keeps(miner, reason, profile)
        return f"{self._without_power(miner)}: {why_off(reason, profile)}"

    def _without_power(self, miner: MinerDecision) -> str:
        if miner.command is Command.STOP:
            return "Stop"
        if isinstance(miner.reason, NotControlled):
            return "Not switched"
        return "Off" if self._is_on.get(miner.miner_id) is False else "Not started"

    def change(self, miner: MinerDecision) -> WouldChange:
        """What would change the miner's command, typed."""
        profile, reason = self._profiles[miner.miner_id], miner.reason
        match reason:
            case MinimumOn(on_for_s=on_s, minimum_on_s=minimum_s):
                return StopsIn(seconds=minimum_s - on_s, unless="the reason ceases")
            case HeldOn(held_until=until) | AskedOn(asked_until=until):
                return HoldEnds(until=until)
            case BatteryLends(short_for_s=short_s, budget_delay_s=delay_s):
                return StopsIn(seconds=delay_s - short_s, unless="the budget is back")
            case (
                Eligible()
                | HeatWanted()
                | Running()
                | WithinTolerance()
                | DippedBelowStop()
                | ConditionCeased()
            ):
                return StopsBelow(
                    stop_voltage_v=profile.stop_voltage,
                    held_min=profile.stop_hysteresis_minutes,
                    emergency_voltage_v=profile.emergency_stop_voltage,
                )
            case _:
                return would_start(
                    reason,
                    profile,
                    at=self._decision.inputs.snapshot.at,
                    memory=self._memory.get(miner.miner_id, _NOTHING),
                    site_starts_v=self._site_starts_v,
                    waits=miner.command is Command.STAY_OFF,
                )


_NOTHING = MinerMemory()
_SHOWN_STEP_V = 0.01
"""Voltages are told to two decimals."""


def _site_starts_v(decision: Decision) -> float:
    """The rest voltage from which anything starts: where the lockout ends, or just above the low
    voltage, at which nothing starts whatever a miner's own start voltage is.
    """
    preferences = decision.inputs.preferences
    if decision.memory.lockout:
        return preferences.voltage_restart
    return preferences.voltage_low + _SHOWN_STEP_V


def explained(decision: Decision) -> dict[str, Sentences]:
    """Every miner's sentences by its id."""
    return {miner.miner_id: sentences for miner, sentences in Explanations(decision).all()}


def _starts(miner: MinerDecision, reason: Eligible | HeatWanted, profile: MinerProfile) -> str:
    heat = " Its zone wants the heat." if isinstance(reason, HeatWanted) else ""
    return (
        f"Starts: {_v(reason.rest_voltage_v)} is at or above its start voltage"
        f" {volts(profile.start_voltage)} and its {watts(miner.power_w)} fit ({_paid_by(miner)})."
        f"{heat}"
    )


def _keeps(miner: MinerDecision, reason: WhyRunning, profile: MinerProfile) -> str:
    match reason:
        case MinimumOn(on_for_s=on_s, minimum_on_s=minimum_s, held_against=against):
            left, why = minutes(minimum_s - on_s), _words(against)
            return f"Keeps running for its minimum on time, {left} more, against: {why}."
        case HeldOn(held_by=by, held_until=until, held_against=against):
            held = f"held by {by} until {until:%H:%M}"
            return f"Keeps running: {held}, against: {_words(against)}."
        case ConditionCeased(lent_min=float(lent_min)):
            return (
                f"Keeps running ({_paid_by(miner)}), but {_against(reason)}: the battery lends it"
                f" the rest, and it stops when that lasts {lent_min:g} min."
            )
        case DippedBelowStop() | ConditionCeased():
            return (
                f"Keeps running ({_paid_by(miner)}), but {_against(reason)}: it stops when that"
                f" lasts {profile.stop_hysteresis_minutes:g} min."
            )
        case WithinTolerance(needed_w=needed_w, budget_left_w=left_w):
            short = f"of its {watts(needed_w)} the budget has {watts(left_w)} left"
            return f"Keeps running: {short}, which is within the tolerance."
        case BatteryLends(needed_w=needed_w, budget_left_w=left_w):
            left = minutes(reason.budget_delay_s - reason.short_for_s)
            short = f"of its {watts(needed_w)} the budget has {watts(left_w)} left"
            return f"Keeps running: {short}, and the battery lends the rest for {left} more."
        case Running(rest_voltage_v=rest_v):
            return f"Keeps running at {_v(rest_v)} ({_paid_by(miner)})."
        case _:
            assert_never(reason)


def _against(reason: DippedBelowStop | ConditionCeased) -> str:
    if isinstance(reason, DippedBelowStop):
        rest_v, stop_v = reason.rest_voltage_v, reason.stop_voltage_v
        return f"{volts(rest_v)} is below its stop voltage {volts(stop_v)}"
    shown = _listed(reason.ceasing)
    return f"a condition has ceased ({_words(reason.ceasing.code)}{': ' if shown else ''}{shown})"


def _paid_by(miner: MinerDecision) -> str:
    battery_w = miner.from_battery_w
    if battery_w <= 0.0:
        return f"{watts(miner.power_w)} from the sun"
    sun_w = miner.power_w - battery_w
    if sun_w <= 0.0:
        return f"{watts(battery_w)} from the battery"
    return f"{watts(sun_w)} from the sun, {watts(battery_w)} from the battery"


def _v(voltage_v: float | None) -> str:
    return "unknown voltage" if voltage_v is None else volts(voltage_v)


def _words(code: str) -> str:
    return code.replace("_", " ")


def _listed(condition: Condition) -> str:
    shown = []
    for name, value in compared(condition):
        if isinstance(value, float):
            label, _, unit = name.rpartition("_")
            shown.append(f"{_words(label)} {grouped(value)} {_UNITS[unit]}")
    return ", ".join(shown)


_UNITS = {"w": "W", "wh": "Wh", "v": "V", "s": "s", "hour": "h"}
