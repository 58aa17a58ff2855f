"""What rules one miner in or out before the budget: site limits, voltages, conditions, times.

The verdict keeps the order of the rules: the first that applies is the reason.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from energy.allocation.budget import Purse
from energy.allocation.conditions import Compared, Failure, failed_condition
from energy.allocation.decision import Reason
from energy.allocation.site_state import Site
from energy.site.miners import MinerMemory, MinerProfile, MinerState

NOTHING_REMEMBERED = MinerMemory()


class Gate(Enum):
    """What the rules before the budget leave of a miner."""

    STOP_NOW = auto()
    STOP = auto()
    OFF = auto()
    MAY_RUN = auto()
    MAY_START = auto()


class Verdict(NamedTuple):
    """A gate with its reason, the numbers compared, and the memory to hand on.

    A tuple, because a year's replay makes a million of them.
    """

    gate: Gate
    reason: Reason
    compared: Compared
    memory: MinerMemory


def safety_stop(profile: MinerProfile, site: Site) -> Failure | None:
    """The reasons to stop at once: latched stop, lost telemetry, critical and emergency voltage.

    The voltage is the lower of raw and rest voltage.
    """
    if site.question.emergency_stop:
        return Failure(Reason.EMERGENCY_STOP, ())
    measured = site.measured
    if measured.lost:
        return Failure(Reason.TELEMETRY_LOST, (("voltage_age_s", measured.voltage_age_s),))
    low_v = measured.low_voltage_v
    if low_v is None:
        return None
    critical_v = site.question.preferences.voltage_critical_low
    if low_v <= critical_v:
        numbers: Compared = (("lowest_voltage_v", low_v), ("voltage_critical_low_v", critical_v))
        return Failure(Reason.VOLTAGE_CRITICAL, numbers)
    if low_v <= profile.emergency_stop_voltage:
        numbers = (
            ("lowest_voltage_v", low_v),
            ("emergency_stop_voltage_v", profile.emergency_stop_voltage),
        )
        return Failure(Reason.EMERGENCY_VOLTAGE, numbers)
    return None


def judge_running(
    profile: MinerProfile,
    state: MinerState,
    memory: MinerMemory,
    need_w: float,
    purse: Purse,
    site: Site,
) -> Verdict:
    """A running miner: may it go on?"""
    stop = safety_stop(profile, site)
    if stop is not None:
        return Verdict(Gate.STOP_NOW, stop.reason, stop.compared, NOTHING_REMEMBERED)
    rest_v = site.measured.rest_voltage_v
    below = rest_v is not None and rest_v < profile.stop_voltage
    failure = failed_condition(profile, state, need_w, purse, site)
    compared = _voltages(profile.stop_voltage, "stop_voltage_v", site)
    if not below and failure is None:
        return Verdict(Gate.MAY_RUN, Reason.RUNNING, compared, _without_conditions(memory))
    kept = MinerMemory(
        stop_voltage_since=_since(memory.stop_voltage_since, holds=below, site=site),
        condition_failed_since=_since(
            memory.condition_failed_since, holds=failure is not None, site=site
        ),
        budget_short_since=memory.budget_short_since,
        potential_started_at=memory.potential_started_at,
        potential_drawn_since=memory.potential_drawn_since,
    )
    patience = profile.stop_hysteresis_minutes
    if below and held(kept.stop_voltage_since, patience, site):
        return Verdict(Gate.STOP_NOW, Reason.BELOW_STOP_VOLTAGE, compared, kept)
    if failure is None:
        return Verdict(Gate.MAY_RUN, Reason.STOP_HYSTERESIS, compared, kept)
    if held(kept.condition_failed_since, patience, site):
        gate = Gate.STOP_NOW if failure.protects else Gate.STOP
        return Verdict(gate, failure.reason, failure.compared, kept)
    numbers = (("ceasing", failure.reason.value), *failure.compared)
    return Verdict(Gate.MAY_RUN, Reason.STOP_HYSTERESIS, numbers, kept)


def judge_off(
    profile: MinerProfile,
    state: MinerState,
    memory: MinerMemory,
    need_w: float,
    purse: Purse,
    site: Site,
) -> Verdict:
    """A miner that is off: may it start, but for the budget?"""
    stop = safety_stop(profile, site) or site_limit(site)
    if stop is not None:
        return Verdict(Gate.OFF, stop.reason, stop.compared, NOTHING_REMEMBERED)
    rest_v = site.measured.rest_voltage_v
    compared = _voltages(profile.start_voltage, "start_voltage_v", site)
    if rest_v is None or rest_v < profile.start_voltage:
        return Verdict(Gate.OFF, Reason.BELOW_START_VOLTAGE, compared, NOTHING_REMEMBERED)
    kept = MinerMemory(start_since=site.at if memory.start_since is None else memory.start_since)
    failure = failed_condition(profile, state, need_w, purse, site)
    if failure is not None:
        return Verdict(Gate.OFF, failure.reason, failure.compared, kept)
    if not held(kept.start_since, profile.start_hysteresis_minutes, site):
        return Verdict(Gate.OFF, Reason.START_HYSTERESIS, compared, kept)
    resting = _minimum_off(profile, state, site)
    if resting is not None:
        return Verdict(Gate.OFF, Reason.MINIMUM_OFF_TIME, resting, kept)
    return Verdict(Gate.MAY_START, Reason.ELIGIBLE, compared, kept)


def held(since: datetime | None, minutes: float, site: Site) -> bool:
    """Whether a condition has held for ``minutes``; in a what-if without history it always has."""
    if site.question.conditions_have_held:
        return True
    return since is not None and (site.at - since).total_seconds() >= minutes * 60.0


def minimum_on(profile: MinerProfile, state: MinerState, site: Site) -> Compared | None:
    """The numbers of the minimum on time where it has not passed yet."""
    if state.since is None:
        return None
    on_s = (site.at - state.since).total_seconds()
    if on_s >= profile.minimum_on_minutes * 60.0:
        return None
    return (("on_for_s", on_s), ("minimum_on_s", profile.minimum_on_minutes * 60.0))


def site_limit(site: Site) -> Failure | None:
    """What keeps everything on the site from starting."""
    measured, preferences = site.measured, site.question.preferences
    if measured.stale or measured.rest_voltage_v is None:
        return Failure(Reason.TELEMETRY_STALE, (("voltage_age_s", measured.voltage_age_s),))
    if measured.rest_voltage_v <= preferences.voltage_low:
        numbers = _voltages(preferences.voltage_low, "voltage_low_v", site)
        return Failure(Reason.VOLTAGE_LOW, numbers)
    if site.lockout:
        numbers = _voltages(preferences.voltage_restart, "voltage_restart_v", site)
        return Failure(Reason.LOW_VOLTAGE_LOCKOUT, numbers)
    if measured.load_w is None:
        return Failure(Reason.TELEMETRY_STALE, (("load_power_w", None),))
    return None


def _minimum_off(profile: MinerProfile, state: MinerState, site: Site) -> Compared | None:
    if state.since is None:
        return None
    off_s = (site.at - state.since).total_seconds()
    if off_s >= profile.minimum_off_minutes * 60.0:
        return None
    return (("off_for_s", off_s), ("minimum_off_s", profile.minimum_off_minutes * 60.0))


def _without_conditions(memory: MinerMemory) -> MinerMemory:
    """What is remembered of a start on potential and of the budget, but of no condition."""
    kept = MinerMemory(
        budget_short_since=memory.budget_short_since,
        potential_started_at=memory.potential_started_at,
        potential_drawn_since=memory.potential_drawn_since,
    )
    return NOTHING_REMEMBERED if kept == NOTHING_REMEMBERED else kept


def _since(before: datetime | None, *, holds: bool, site: Site) -> datetime | None:
    if not holds:
        return None
    return site.at if before is None else before


def _voltages(limit_v: float, name: str, site: Site) -> Compared:
    return (*site.voltages, (name, limit_v))
