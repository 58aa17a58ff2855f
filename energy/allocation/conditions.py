"""The owner's conditions of one miner: enabled, runtime, window, sun, weather, night reserve."""

from __future__ import annotations

from energy.allocation.budget import RemainingBudget
from energy.allocation.reasons import (
    Condition,
    Disabled,
    ExcessSolarShort,
    MaximumRuntime,
    NotSunny,
    OutsideWindow,
    ReserveKept,
    SolarBelowMinimum,
)
from energy.allocation.situation import Situation
from energy.site.miners import MinerMode, MinerProfile, MinerState


def failed_condition(
    profile: MinerProfile,
    state: MinerState,
    need_w: float,
    left: RemainingBudget,
    site: Situation,
) -> Condition | None:
    """The first condition that does not hold; None when all do.

    For a running miner the sun may be short by the budget's tolerance; for a start the sun must
    also carry the miner on its 10-minute mean. A zone that wants the heat waives window, sun and
    weather. For a running miner the reserve is checked first where the house is known to need it,
    because that stop is protective.
    """
    running = state.is_on is True
    reserve = _reserve(profile, need_w, left, site, running=running)
    if running and reserve is not None and site.reserve.protects_from(profile):
        return reserve
    if not profile.enabled:
        return Disabled()
    limit_h = profile.maximum_runtime_hours
    if limit_h is not None and state.runtime_today_s >= limit_h * 3_600.0:
        return MaximumRuntime(
            runtime_today_s=state.runtime_today_s, maximum_runtime_s=limit_h * 3_600.0
        )
    if not state.heat_wanted:
        failure = _window(profile, site) or _sun(profile, need_w, left, site, running=running)
        if failure is not None:
            return failure
    return reserve


def protects_battery(profile: MinerProfile, condition: Condition, site: Situation) -> bool:
    """Whether a stop of a running miner for ``condition`` is protective."""
    return isinstance(condition, ReserveKept) and site.reserve.protects_from(profile)


def in_window(profile: MinerProfile, local_hour: int) -> bool:
    """Whether a whole local hour lies in the preferred window, which may wrap midnight.

    Without both ends, or with equal ones, every hour does.
    """
    start, end = profile.prefer_time_start, profile.prefer_time_end
    if start is None or end is None or start == end:
        return True
    if start < end:
        return start <= local_hour < end
    return local_hour >= start or local_hour < end


def runs_on_sun_alone(profile: MinerProfile) -> bool:
    """Whether the battery is not meant to feed this miner."""
    return profile.require_excess_solar or profile.operating_mode is MinerMode.OPPORTUNISTIC


def _window(profile: MinerProfile, site: Situation) -> OutsideWindow | None:
    start, end = profile.prefer_time_start, profile.prefer_time_end
    if start is None or end is None or profile.allow_outside_schedule:
        return None
    if in_window(profile, site.local_hour):
        return None
    return OutsideWindow(
        local_hour=float(site.local_hour),
        window_start_hour=float(start),
        window_end_hour=float(end),
    )


def _sun(
    profile: MinerProfile, need_w: float, left: RemainingBudget, site: Situation, *, running: bool
) -> ExcessSolarShort | SolarBelowMinimum | NotSunny | None:
    if profile.require_excess_solar:
        tolerance_w = site.tolerance_w if running else 0.0
        free_w = max(0.0, free_sun_w(left, running=running))
        needed_w = max(need_w, profile.minimum_excess_watts)
        if free_w + tolerance_w < needed_w:
            return ExcessSolarShort(solar_surplus_free_w=free_w, needed_w=needed_w)
    potential_w = site.potential.potential_w
    if potential_w < profile.minimum_solar_production_watts:
        return SolarBelowMinimum(
            pv_potential_w=potential_w,
            minimum_solar_production_w=profile.minimum_solar_production_watts,
        )
    if profile.require_sunny_weather and site.sunny is not True:
        return NotSunny(sunny=site.sunny)
    return None


def free_sun_w(left: RemainingBudget, *, running: bool) -> float:
    """Solar surplus that is left for a load, W.

    For a running load the larger of the surplus now and its 20-minute mean, so that a short cloud
    does not stop it; for a start the smaller of the surplus now and its 10-minute mean.
    """
    if running:
        return max(left.solar_w, left.carrying_w)
    return min(left.solar_w, left.mean_w)


def _reserve(
    profile: MinerProfile, need_w: float, left: RemainingBudget, site: Situation, *, running: bool
) -> ReserveKept | None:
    reserve = site.reserve
    if not reserve.enabled:
        return None
    free_w = free_sun_w(left, running=running)
    if running:
        carries = need_w <= free_w + site.tolerance_w
        allowed = reserve.allows_running(profile, sun_carries=carries)
    else:
        allowed = reserve.allows_start(profile, sun_carries=need_w <= free_w)
    if allowed:
        return None
    needed_wh: float | None = None
    if profile.operating_mode is not MinerMode.OPPORTUNISTIC:
        needed_wh = reserve.stops_below_wh(profile) if running else reserve.starts_above_wh(profile)
    return ReserveKept(
        usable_wh=reserve.usable_wh,
        needed_wh=needed_wh,
        reserve_wh=reserve.reserve_wh,
        reserve_known=reserve.known,
        sun_needs_wh=reserve.sun_needs_wh(profile, running=running),
        solar_surplus_free_w=max(0.0, free_w),
        needed_w=need_w,
    )
