"""One plain sentence per miner with the numbers behind it, and what would change it.

Rendered from a decision alone: the same decision always reads the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from energy.allocation.decision import AllocationInput, Budget, Command, Decision, Reason
from energy.allocation.eligibility import NOTHING_REMEMBERED
from energy.allocation.off_reasons import WHY_OFF, Numbers, Sentences, minutes
from energy.site.miners import MinerMemory, MinerProfile
from energy.wording import grouped, volts, watts

if TYPE_CHECKING:
    from energy.allocation.conditions import Compared
    from energy.allocation.site_state import Site


class Settled(Protocol):
    """A miner's command with its numbers, as an entry in the making or as the decision."""

    @property
    def command(self) -> Command:
        """What it is to do."""
        ...

    @property
    def reason(self) -> Reason:
        """Why."""
        ...

    @property
    def compared(self) -> Compared:
        """The numbers compared."""
        ...

    @property
    def power_w(self) -> float:
        """Power budgeted, W."""
        ...

    @property
    def from_battery_w(self) -> float:
        """Part of it out of the battery, W."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What sentences need beside the miner: the question and the rest voltage, V."""

    question: AllocationInput
    rest_voltage_v: float | None

    @property
    def at(self) -> datetime:
        """The instant decided for."""
        return self.question.snapshot.at


def explain(decision: Decision) -> Decision:
    """The decision with every miner's explanation and what would change it."""
    profiles = {profile.id: profile for profile in decision.inputs.miners}
    memory = dict(decision.memory.miners)
    facts = Facts(question=decision.inputs, rest_voltage_v=decision.budget.rest_voltage_v)
    miners = []
    for miner in decision.miners:
        remembered = memory.get(miner.miner_id, NOTHING_REMEMBERED)
        why, change = sentences(miner, profiles[miner.miner_id], remembered, facts)
        miners.append(replace(miner, explanation=why, would_change=change))
    return replace(decision, miners=tuple(miners))


def site_limits(site: Site, budget: Budget) -> tuple[str, ...]:
    """What holds back the site as a whole, one sentence each."""
    preferences, limits = site.question.preferences, []
    if site.question.emergency_stop:
        limits.append("The emergency stop is latched: nothing runs until an admin ends it.")
    if site.measured.lost:
        limits.append("Telemetry is lost: every miner is stopped.")
    elif site.measured.stale and not site.measured.waiting:
        limits.append("The battery voltage is too old or unusable: nothing starts.")
    if site.lockout:
        limits.append(
            "Low-voltage lockout: nothing starts until the rest voltage is back at"
            f" {volts(preferences.voltage_restart)}."
        )
    if site.measured.load_w is None:
        mean_w = site.question.learned.mean_base_load_w
        stands = (
            "the sun's surplus counts as zero"
            if mean_w is None
            else f"the learned mean of {watts(mean_w)} stands in"
        )
        limits.append(f"The load is unknown: nothing starts, and {stands}.")
    if budget.grid_excess_w > 0.0:
        limits.append(
            f"The site imports {watts(budget.grid_excess_w)} more from the grid than the owner"
            " allows: the budget is that much smaller."
        )
    if budget.throttled:
        limits.append(
            f"The battery is full and holds the sun back: {watts(budget.pv_potential_w)} could be"
            f" had, {watts(budget.potential_surplus_w)} of the surplus is not measured yet."
        )
    return tuple(limits)


def sentences(
    miner: Settled, profile: MinerProfile, memory: MinerMemory, facts: Facts
) -> Sentences:
    """(explanation, what would change it) of one miner."""
    command, reason = miner.command, miner.reason
    numbers: Numbers = dict(miner.compared)
    if command is Command.START:
        return _starts(miner, profile, facts), _stops_below(profile)
    if command is Command.KEEP_RUNNING:
        return _keeps(miner, profile, numbers, facts)
    why, change = WHY_OFF[reason](numbers, profile)
    if reason is Reason.START_HYSTERESIS:
        change = _hysteresis_left(profile, memory, facts)
    return f"{'Stop' if command is Command.STOP else 'Off'}: {why}", change


def _starts(miner: Settled, profile: MinerProfile, facts: Facts) -> str:
    heat = " Its zone wants the heat." if miner.reason is Reason.HEAT_WANTED else ""
    return (
        f"Starts: {_v(facts.rest_voltage_v)} is at or above its start voltage"
        f" {volts(profile.start_voltage)} and its {watts(miner.power_w)} fit ({_paid_by(miner)})."
        f"{heat}"
    )


def _keeps(miner: Settled, profile: MinerProfile, numbers: Numbers, facts: Facts) -> Sentences:
    reason = miner.reason
    if reason is Reason.MINIMUM_ON_TIME:
        left = minutes(numbers["minimum_on_s"] - numbers["on_for_s"])
        held = str(numbers["held_against"]).replace("_", " ")
        why = f"Keeps running for its minimum on time, {left} more, against: {held}."
        return why, f"stops in {left} unless the reason ceases"
    if reason is Reason.STOP_HYSTERESIS:
        why = (
            f"Keeps running ({_paid_by(miner)}), but {_ceasing(numbers)}: it stops when that lasts"
            f" {profile.stop_hysteresis_minutes:g} min."
        )
        return why, _stops_below(profile)
    if reason is Reason.BUDGET_TOLERANCE:
        why = (
            f"Keeps running: of its {watts(numbers['needed_w'])} the budget has"
            f" {watts(numbers['budget_left_w'])} left, which is within the tolerance."
        )
        return why, _stops_below(profile)
    if reason is Reason.BUDGET_DELAY:
        left = minutes(numbers["budget_delay_s"] - numbers["short_for_s"])
        why = (
            f"Keeps running: of its {watts(numbers['needed_w'])} the budget has"
            f" {watts(numbers['budget_left_w'])} left, and the battery lends the rest for {left}"
            " more."
        )
        return why, f"stops in {left} unless the budget is back"
    why = f"Keeps running at {_v(facts.rest_voltage_v)} ({_paid_by(miner)})."
    return why, _stops_below(profile)


def _stops_below(profile: MinerProfile) -> str:
    return (
        f"stops below {volts(profile.stop_voltage)} rest voltage held for"
        f" {profile.stop_hysteresis_minutes:g} min, at once at"
        f" {volts(profile.emergency_stop_voltage)}"
    )


def _paid_by(miner: Settled) -> str:
    battery_w = miner.from_battery_w
    if battery_w <= 0.0:
        return f"{watts(miner.power_w)} from the sun"
    sun_w = miner.power_w - battery_w
    if sun_w <= 0.0:
        return f"{watts(battery_w)} from the battery"
    return f"{watts(sun_w)} from the sun, {watts(battery_w)} from the battery"


def _ceasing(numbers: Numbers) -> str:
    cause = numbers.get("ceasing")
    if cause is None:
        return (
            f"{volts(numbers['rest_voltage_v'])} is below its stop voltage"
            f" {volts(numbers['stop_voltage_v'])}"
        )
    shown = _listed(numbers)
    return f"a condition has ceased ({str(cause).replace('_', ' ')}{': ' if shown else ''}{shown})"


def _hysteresis_left(profile: MinerProfile, memory: MinerMemory, facts: Facts) -> str:
    held_s = 0.0 if memory.start_since is None else (facts.at - memory.start_since).total_seconds()
    left = minutes(profile.start_hysteresis_minutes * 60.0 - held_s)
    return f"starts when the rest voltage has held {volts(profile.start_voltage)} for {left} more"


def _v(voltage_v: float | None) -> str:
    return "unknown voltage" if voltage_v is None else f"{volts(voltage_v)}"


def _listed(numbers: Numbers) -> str:
    shown = []
    for name, value in numbers.items():
        if isinstance(value, float):
            label, _, unit = name.rpartition("_")
            shown.append(f"{label.replace('_', ' ')} {grouped(value)} {_UNITS[unit]}")
    return ", ".join(shown)


_UNITS = {"w": "W", "wh": "Wh", "v": "V", "s": "s", "hour": "h"}
