"""What rules one miner out before the budget is looked at: site limits, voltages, conditions, times.

The verdict keeps the order of the rules: the first that applies is the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum, auto

from energy.decision import AllocationInput, Reason
from energy.miners import MinerMemory, MinerProfile, MinerState
from energy.potential import Potential
from energy.quality import Measured
from energy.reserve import Reserve

Compared = tuple[tuple[str, float | str | bool | None], ...]

HOURS_A_DAY = 24


class Gate(Enum):
    """What the rules before the budget leave of a miner."""

    STOP_NOW = auto()
    STOP = auto()
    OFF = auto()
    MAY_RUN = auto()
    MAY_START = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What all miners of a cycle share, computed once."""

    at: datetime
    zone: tzinfo
    local_hour: int
    question: AllocationInput
    measured: Measured
    potential: Potential
    reserve: Reserve
    lockout: bool
    mean_surplus_w: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """What is left of the sun at a miner's turn, W: the surplus now, and its mean of ten minutes."""

    remaining_w: float
    remaining_mean_w: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A gate with its reason, the numbers compared, and the memory to hand on."""

    gate: Gate
    reason: Reason
    compared: Compared
    memory: MinerMemory


def held(since: datetime | None, minutes: float, site: Site) -> bool:
    """Whether a condition has held for ``minutes``; in a what-if it always has."""
    if site.question.conditions_have_held:
        return True
    return since is not None and (site.at - since).total_seconds() >= minutes * 60.0


def safety_stop(profile: MinerProfile, site: Site) -> tuple[Reason, Compared] | None:
    """The reasons to stop at once: latched stop, lost telemetry, critical and emergency voltage."""
    measured, preferences = site.measured, site.question.preferences
    if site.question.emergency_stop:
        return Reason.EMERGENCY_STOP, ()
    if measured.lost:
        return Reason.TELEMETRY_LOST, (("voltage_age_s", measured.voltage_age_s),)
    low_v = measured.low_voltage_v
    if low_v is None:
        return None
    if low_v <= preferences.voltage_critical_low:
        return Reason.VOLTAGE_CRITICAL, (
            ("lowest_voltage_v", low_v),
            ("voltage_critical_low_v", preferences.voltage_critical_low),
        )
    if low_v <= profile.emergency_stop_voltage:
        return Reason.EMERGENCY_VOLTAGE, (
            ("lowest_voltage_v", low_v),
            ("emergency_stop_voltage_v", profile.emergency_stop_voltage),
        )
    return None


def judge_running(
    profile: MinerProfile,
    state: MinerState,
    memory: MinerMemory,
    need_w: float,
    sun: Sun,
    site: Site,
) -> Verdict:
    """A running miner: may it go on?"""
    stop = safety_stop(profile, site)
    if stop is not None:
        return Verdict(Gate.STOP_NOW, stop[0], stop[1], MinerMemory())
    rest_v = site.measured.rest_voltage_v
    below = rest_v is not None and rest_v < profile.stop_voltage
    voltage_since = _since(memory.stop_voltage_since, holds=below, site=site)
    failed = _failed_condition(profile, state, need_w, sun, site, running=True)
    failed_since = _since(memory.condition_failed_since, holds=failed is not None, site=site)
    kept = MinerMemory(
        stop_voltage_since=voltage_since,
        condition_failed_since=failed_since,
        potential_started_at=memory.potential_started_at,
    )
    compared = _voltages(profile.stop_voltage, "stop_voltage_v", site)
    if below and held(voltage_since, profile.stop_hysteresis_minutes, site):
        return Verdict(Gate.STOP, Reason.BELOW_STOP_VOLTAGE, compared, kept)
    if failed is not None and held(failed_since, profile.stop_hysteresis_minutes, site):
        return Verdict(Gate.STOP, failed[0], failed[1], kept)
    waiting = Reason.STOP_HYSTERESIS if below or failed is not None else Reason.RUNNING
    return Verdict(Gate.MAY_RUN, waiting, compared if failed is None else failed[1], kept)


def judge_off(
    profile: MinerProfile,
    state: MinerState,
    memory: MinerMemory,
    need_w: float,
    sun: Sun,
    site: Site,
) -> Verdict:
    """A miner that is off: may it start, but for the budget?"""
    stop = safety_stop(profile, site)
    if stop is not None:
        return Verdict(Gate.OFF, stop[0], stop[1], MinerMemory())
    limit = _site_limit(site)
    rest_v = site.measured.rest_voltage_v
    above = limit is None and rest_v is not None and rest_v >= profile.start_voltage
    since = _since(memory.start_since, holds=above, site=site)
    kept = MinerMemory(start_since=since)
    if limit is not None:
        return Verdict(Gate.OFF, limit[0], limit[1], kept)
    compared = _voltages(profile.start_voltage, "start_voltage_v", site)
    if not above:
        return Verdict(Gate.OFF, Reason.BELOW_START_VOLTAGE, compared, kept)
    failed = _failed_condition(profile, state, need_w, sun, site, running=False)
    if failed is not None:
        return Verdict(Gate.OFF, failed[0], failed[1], kept)
    if not held(since, profile.start_hysteresis_minutes, site):
        return Verdict(Gate.OFF, Reason.START_HYSTERESIS, compared, kept)
    resting = _minimum_off(profile, state, site)
    if resting is not None:
        return Verdict(Gate.OFF, Reason.MINIMUM_OFF_TIME, resting, kept)
    return Verdict(Gate.MAY_START, Reason.ELIGIBLE, compared, kept)


def minimum_on(profile: MinerProfile, state: MinerState, site: Site) -> Compared | None:
    """The numbers of the minimum on time where it has not passed yet."""
    if state.since is None or site.question.conditions_have_held:
        return None
    on_s = (site.at - state.since).total_seconds()
    if on_s >= profile.minimum_on_minutes * 60.0:
        return None
    return (("on_for_s", on_s), ("minimum_on_s", profile.minimum_on_minutes * 60.0))


def _minimum_off(profile: MinerProfile, state: MinerState, site: Site) -> Compared | None:
    if state.since is None or site.question.conditions_have_held:
        return None
    off_s = (site.at - state.since).total_seconds()
    if off_s >= profile.minimum_off_minutes * 60.0:
        return None
    return (("off_for_s", off_s), ("minimum_off_s", profile.minimum_off_minutes * 60.0))


def in_window(profile: MinerProfile, local_hour: int) -> bool:
    """Whether a whole local hour lies in the preferred window, which may wrap midnight."""
    start, end = profile.prefer_time_start, profile.prefer_time_end
    if start is None or end is None or start == end:
        return True
    if start < end:
        return start <= local_hour < end
    return local_hour >= start or local_hour < end


def _since(before: datetime | None, *, holds: bool, site: Site) -> datetime | None:
    if not holds:
        return None
    return site.at if before is None else before


def _voltages(limit_v: float, name: str, site: Site) -> Compared:
    return (
        ("rest_voltage_v", site.measured.rest_voltage_v),
        ("raw_voltage_v", site.measured.raw_voltage_v),
        (name, limit_v),
    )


def _site_limit(site: Site) -> tuple[Reason, Compared] | None:
    """What keeps everything on the site from starting."""
    measured, preferences = site.measured, site.question.preferences
    if measured.stale or measured.rest_voltage_v is None:
        return Reason.TELEMETRY_STALE, (("voltage_age_s", measured.voltage_age_s),)
    if measured.rest_voltage_v <= preferences.voltage_low:
        return Reason.VOLTAGE_LOW, _voltages(preferences.voltage_low, "voltage_low_v", site)
    if site.lockout:
        return Reason.LOW_VOLTAGE_LOCKOUT, _voltages(
            preferences.voltage_restart, "voltage_restart_v", site
        )
    return None


def _failed_condition(
    profile: MinerProfile,
    state: MinerState,
    need_w: float,
    sun: Sun,
    site: Site,
    *,
    running: bool,
) -> tuple[Reason, Compared] | None:
    """The first of the owner's conditions that does not hold."""
    if not profile.enabled:
        return Reason.DISABLED, ()
    limit_h = profile.maximum_runtime_hours
    if limit_h is not None and state.runtime_today_s >= limit_h * 3_600.0:
        return Reason.MAXIMUM_RUNTIME, (
            ("runtime_today_s", state.runtime_today_s),
            ("maximum_runtime_s", limit_h * 3_600.0),
        )
    if not state.heat_wanted:
        failed = _failed_window(profile, site) or _failed_sun(
            profile, need_w, sun, site, running=running
        )
        if failed is not None:
            return failed
    return _failed_reserve(profile, need_w, sun, site, running=running)


def _failed_window(profile: MinerProfile, site: Site) -> tuple[Reason, Compared] | None:
    if profile.allow_outside_schedule or in_window(profile, site.local_hour):
        return None
    return Reason.OUTSIDE_WINDOW, (
        ("local_hour", float(site.local_hour)),
        ("window_start_hour", profile.prefer_time_start),
        ("window_end_hour", profile.prefer_time_end),
    )


def _failed_sun(
    profile: MinerProfile, need_w: float, sun: Sun, site: Site, *, running: bool
) -> tuple[Reason, Compared] | None:
    if profile.require_excess_solar:
        tolerance_w = site.question.preferences.budget_tolerance_w if running else 0.0
        free_w = sun.remaining_w if running else min(sun.remaining_w, sun.remaining_mean_w)
        needed_w = max(need_w, profile.minimum_excess_watts)
        if free_w + tolerance_w < needed_w:
            return Reason.EXCESS_SOLAR, (
                ("solar_surplus_free_w", free_w),
                ("needed_w", needed_w),
            )
    if site.potential.potential_w < profile.minimum_solar_production_watts:
        return Reason.MINIMUM_SOLAR, (
            ("pv_potential_w", site.potential.potential_w),
            ("minimum_solar_production_w", profile.minimum_solar_production_watts),
        )
    if profile.require_sunny_weather and site.question.snapshot.sky.sunny is not True:
        return Reason.NOT_SUNNY, (("sunny", site.question.snapshot.sky.sunny),)
    return None


def _failed_reserve(
    profile: MinerProfile, need_w: float, sun: Sun, site: Site, *, running: bool
) -> tuple[Reason, Compared] | None:
    reserve, mode = site.reserve, profile.operating_mode
    tolerance_w = site.question.preferences.budget_tolerance_w if running else 0.0
    carries = need_w <= sun.remaining_w + tolerance_w
    if running:
        if reserve.allows_running(mode, sun_carries=carries):
            return None
        needed_wh = reserve.reserve_wh
    else:
        if reserve.allows_start(mode, sun_carries=carries):
            return None
        needed_wh = reserve.start_needs_wh(mode)
    return Reason.NIGHT_RESERVE, (
        ("usable_wh", reserve.usable_wh),
        ("needed_wh", needed_wh),
        ("reserve_wh", reserve.reserve_wh),
        ("solar_surplus_free_w", sun.remaining_w),
        ("needed_w", need_w),
    )
