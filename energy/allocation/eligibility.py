"""The rules for one miner that come before the budget: voltages, conditions, minimum times.

Their order matters: the first rule that applies is the reason.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from energy.allocation.budget import RemainingBudget
from energy.allocation.conditions import failed_condition, protects_battery
from energy.allocation.reasons import (
    BelowStartVoltage,
    BelowStopVoltage,
    Condition,
    ConditionCeased,
    DippedBelowStop,
    EmergencyVoltage,
    EverythingStops,
    MinimumOff,
    ReserveKept,
    Running,
    StartHysteresis,
    WhyStopped,
)
from energy.allocation.situation import Situation
from energy.site.miners import MinerMemory, MinerProfile, MinerState

NOTHING_REMEMBERED = MinerMemory()


class RunningVerdict(NamedTuple):
    """Outcome of the rules before the budget for a running miner.

    Attributes:
        memory: The miner's memory for the next cycle.
        stop: Why it stops; None where it may go on.
        at_once: The stop is protective: no hold and no minimum time delays it.
        lasting: A rule that is broken but whose delay has not passed yet; None without one.
    """

    memory: MinerMemory
    stop: WhyStopped | None = None
    at_once: bool = False
    lasting: DippedBelowStop | ConditionCeased | None = None


class OffVerdict(NamedTuple):
    """Why a miner stays off (None when it may start), and its memory for the next cycle."""

    reason: WhyStopped | None
    memory: MinerMemory


def safety_stop(
    profile: MinerProfile, site: Situation
) -> EverythingStops | EmergencyVoltage | None:
    """Why a miner must be stopped at once, also where its switch is unknown; None without a
    reason.
    """
    if site.everything_stops is not None:
        return site.everything_stops
    low_v = site.low_v
    if low_v is not None and low_v <= profile.emergency_stop_voltage:
        return EmergencyVoltage(
            lowest_voltage_v=low_v, emergency_stop_voltage_v=profile.emergency_stop_voltage
        )
    return None


def judge_running(
    profile: MinerProfile,
    state: MinerState,
    memory: MinerMemory,
    need_w: float,
    left: RemainingBudget,
    site: Situation,
) -> RunningVerdict:
    """Whether a running miner may go on, before the budget is asked."""
    stop = safety_stop(profile, site)
    if stop is not None:
        return RunningVerdict(NOTHING_REMEMBERED, stop, at_once=True)
    rest_v = site.rest_v
    failure = failed_condition(profile, state, need_w, left, site)
    if rest_v is not None and rest_v < profile.stop_voltage:
        return _below_stop(profile, memory, failure, rest_v, site)
    if failure is None:
        return RunningVerdict(_without_conditions(memory))
    kept = _remembering(memory, failure, site, below=False)
    return _ceased(profile, kept, failure, site, _lent_min(profile, failure, site))


def _below_stop(
    profile: MinerProfile,
    memory: MinerMemory,
    failure: Condition | None,
    rest_v: float,
    site: Situation,
) -> RunningVerdict:
    kept = _remembering(memory, failure, site, below=True)
    stop_v = profile.stop_voltage
    if held(kept.stop_voltage_since, profile.stop_hysteresis_minutes, site):
        why = BelowStopVoltage(
            rest_voltage_v=rest_v, raw_voltage_v=site.raw_v, stop_voltage_v=stop_v
        )
        return RunningVerdict(kept, why, at_once=True)
    if failure is not None:
        return _ceased(profile, kept, failure, site, lent_min=0.0)
    dip = DippedBelowStop(rest_voltage_v=rest_v, raw_voltage_v=site.raw_v, stop_voltage_v=stop_v)
    return RunningVerdict(kept, lasting=dip)


def _ceased(
    profile: MinerProfile,
    kept: MinerMemory,
    failure: Condition,
    site: Situation,
    lent_min: float,
) -> RunningVerdict:
    lent = lent_min if lent_min > profile.stop_hysteresis_minutes else None
    delay_min = profile.stop_hysteresis_minutes if lent is None else lent
    if not held(kept.condition_failed_since, delay_min, site):
        return RunningVerdict(kept, lasting=ConditionCeased(ceasing=failure, lent_min=lent))
    return RunningVerdict(kept, failure, at_once=protects_battery(profile, failure, site))


def _lent_min(profile: MinerProfile, failure: Condition, site: Situation) -> float:
    """For how long the battery bridges a cloud for a sun-only load, min; 0 where it does not.

    A sun-only load has no other budget than the sun, so its stop gets a delay like the budget's
    while the battery is well charged. The budget then checks whether the battery may lend that
    power.
    """
    clouded = isinstance(failure, ReserveKept) and failure.sun_needs_wh is None
    return site.sun_delay_min if clouded and site.reserve.lends_to(profile) else 0.0


def judge_off(
    profile: MinerProfile,
    state: MinerState,
    memory: MinerMemory,
    need_w: float,
    left: RemainingBudget,
    site: Situation,
) -> OffVerdict:
    """Whether a miner that is off may start, before the budget is asked."""
    stop = safety_stop(profile, site) or site.nothing_starts
    rest_v = site.rest_v
    if stop is not None or rest_v is None:
        return OffVerdict(stop, NOTHING_REMEMBERED)
    start_v = profile.start_voltage
    if rest_v < start_v:
        why = BelowStartVoltage(
            rest_voltage_v=rest_v, raw_voltage_v=site.raw_v, start_voltage_v=start_v
        )
        return OffVerdict(why, NOTHING_REMEMBERED)
    kept = memory if memory.start_since is not None else MinerMemory(start_since=site.at)
    failure = failed_condition(profile, state, need_w, left, site)
    if failure is not None:
        return OffVerdict(failure, kept)
    if not held(kept.start_since, profile.start_hysteresis_minutes, site):
        waits = StartHysteresis(
            rest_voltage_v=rest_v, raw_voltage_v=site.raw_v, start_voltage_v=start_v
        )
        return OffVerdict(waits, kept)
    return OffVerdict(_resting(profile, state, site), kept)


def why_running(profile: MinerProfile, site: Situation) -> Running:
    """The reason of a running miner that no rule stops."""
    return Running(
        rest_voltage_v=site.rest_v,
        raw_voltage_v=site.raw_v,
        stop_voltage_v=profile.stop_voltage,
    )


def held(since: datetime | None, minutes: float, site: Situation) -> bool:
    """Whether a condition has held for ``minutes``; in a what-if without history it always has."""
    if site.always_held:
        return True
    return since is not None and (site.at - since).total_seconds() >= minutes * 60.0


def _resting(profile: MinerProfile, state: MinerState, site: Situation) -> MinimumOff | None:
    if state.since is None:
        return None
    off_s = (site.at - state.since).total_seconds()
    if off_s >= profile.minimum_off_minutes * 60.0:
        return None
    return MinimumOff(off_for_s=off_s, minimum_off_s=profile.minimum_off_minutes * 60.0)


def _without_conditions(memory: MinerMemory) -> MinerMemory:
    """The memory without its conditions; a start on potential and a short budget stay."""
    short_since, started_at = memory.budget_short_since, memory.potential_started_at
    drawn_since = memory.potential_drawn_since
    if short_since is None and started_at is None and drawn_since is None:
        return NOTHING_REMEMBERED
    return MinerMemory(
        budget_short_since=short_since,
        potential_started_at=started_at,
        potential_drawn_since=drawn_since,
    )


def _remembering(
    memory: MinerMemory, failure: Condition | None, site: Situation, *, below: bool
) -> MinerMemory:
    """The memory with since when the miner has been below its stop voltage (``below``) and since
    when a condition has failed.
    """
    return MinerMemory(
        stop_voltage_since=_since(memory.stop_voltage_since, site) if below else None,
        condition_failed_since=(
            None if failure is None else _since(memory.condition_failed_since, site)
        ),
        budget_short_since=memory.budget_short_since,
        potential_started_at=memory.potential_started_at,
        potential_drawn_since=memory.potential_drawn_since,
    )


def _since(before: datetime | None, site: Situation) -> datetime:
    return site.at if before is None else before
