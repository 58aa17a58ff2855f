"""What the loop learns of a site: the bank's resistance, the clear-sky ratio, the mean base load.

All state is explicit: passed in, handed back, stored by the loop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from energy.battery.solar_reference import SunDays, best_ratios, with_ratio
from energy.site.miners import Learned

STEP_A = 10.0
"""Only current changes of at least this size between two readings are learned from, A."""

STEP_WITHIN_S = 600.0
STEPS_KEPT = 30
STEPS_NEEDED = 5
RESISTANCE_OHM = (0.002, 0.060)
"""Bounds of a plausible bank: below is a measurement error, above a broken one."""

CLEAR_SKY_MIN_W = 500.0
"""Under a low sun the model's ratio says little."""

RATIO_BOUNDS = (0.05, 1.3)
RATIO_TIME_S = 3_600.0
"""Time constant of the clear-sky ratio: recent weather, not last week's."""

BASE_LOAD_TIME_S = 7.0 * 86_400.0
BASE_LOAD_FIRST_S = 3_600.0
"""The mean base load is used once this much of it has been observed, s; it spans a week."""

LONGEST_GAP_S = 600.0
DAY_H = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Measured values of one cycle, None where missing: V, A (+ charging), W. ``held_back``: the
    charger may be throttling PV.
    """

    at: datetime
    voltage_v: float | None = None
    current_a: float | None = None
    pv_w: float | None = None
    clear_sky_w: float | None = None
    held_back: bool = False
    base_load_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningState:
    """What learning remembers between cycles.

    ``steps`` are (change of current A, change of voltage V); ``base_load_s`` is how many seconds of
    base load the mean covers, up to a week.
    """

    last_at: datetime | None = None
    last_voltage_v: float | None = None
    last_current_a: float | None = None
    steps: tuple[tuple[float, float], ...] = ()
    base_load_s: float = 0.0
    base_load_mean_w: float = 0.0
    base_load_at: datetime | None = None
    ratio_at: datetime | None = None
    sun_days: SunDays = ()


def learn(
    state: LearningState, seen: Observation, learned: Learned
) -> tuple[LearningState, Learned]:
    """Learn from one observation; returns the new state and the learned values."""
    state, resistance_ohm = _learn_resistance(state, seen, learned.resistance_ohm)
    state, ratio = _learn_ratio(state, seen, learned.clear_sky_ratio)
    state, base_w = _learn_base_load(state, seen, learned.mean_base_load_w)
    recent, usual = best_ratios(state.sun_days)
    return state, Learned(
        resistance_ohm=resistance_ohm,
        clear_sky_ratio=ratio,
        mean_base_load_w=base_w,
        best_recent_ratio=recent,
        usual_best_ratio=usual,
        base_load_seen_h=_seen_h(state),
    )


def _seen_h(state: LearningState) -> float | None:
    """Whole hours of base load seen, up to a day."""
    hours = state.base_load_s // 3_600.0
    return min(DAY_H, hours) if hours > 0.0 else None


def _learn_resistance(
    state: LearningState, seen: Observation, known_ohm: float
) -> tuple[LearningState, float]:
    """Least squares through the origin over recent steps: R = Σ ΔI·ΔV / Σ ΔI²."""
    if seen.voltage_v is None or seen.current_a is None:
        return state, known_ohm
    if seen.voltage_v == state.last_voltage_v and seen.current_a == state.last_current_a:
        return state, known_ohm
    steps = state.steps
    if state.last_voltage_v is not None and state.last_current_a is not None and state.last_at:
        change_a = seen.current_a - state.last_current_a
        fresh = 0.0 <= (seen.at - state.last_at).total_seconds() <= STEP_WITHIN_S
        if fresh and abs(change_a) >= STEP_A:
            steps = (*steps, (change_a, seen.voltage_v - state.last_voltage_v))[-STEPS_KEPT:]
    state = replace(
        state,
        last_at=seen.at,
        last_voltage_v=seen.voltage_v,
        last_current_a=seen.current_a,
        steps=steps,
    )
    if len(steps) < STEPS_NEEDED:
        return state, known_ohm
    slope = sum(a * v for a, v in steps) / sum(a * a for a, _ in steps)
    return state, min(RESISTANCE_OHM[1], max(RESISTANCE_OHM[0], slope))


def _learn_ratio(
    state: LearningState, seen: Observation, known: float | None
) -> tuple[LearningState, float | None]:
    """Exponential mean of measured ÷ clear-sky power while PV is not throttled.

    Throttled PV is only a lower limit: it may raise the ratio, never lower it.
    """
    clear_w, pv_w = seen.clear_sky_w, seen.pv_w
    if clear_w is None or pv_w is None or clear_w < CLEAR_SKY_MIN_W:
        return state, known
    ratio = min(RATIO_BOUNDS[1], max(RATIO_BOUNDS[0], pv_w / clear_w))
    if seen.held_back and (known is None or ratio <= known):
        return state, known
    before = state.ratio_at
    state = replace(state, ratio_at=seen.at)
    if known is None or before is None:
        return state, ratio
    elapsed_s = max(0.0, (seen.at - before).total_seconds())
    weight = elapsed_s / (elapsed_s + RATIO_TIME_S)
    known += weight * (ratio - known)
    if not seen.held_back:
        days = with_ratio(state.sun_days, seen.at, ratio=known, clear_sky_w=clear_w)
        state = replace(state, sun_days=days)
    return state, known


def _learn_base_load(
    state: LearningState, seen: Observation, known_w: float | None
) -> tuple[LearningState, float | None]:
    """Running mean over the time seen, up to a week."""
    if seen.base_load_w is None:
        return state, known_w
    before = state.base_load_at
    elapsed_s = 0.0 if before is None else (seen.at - before).total_seconds()
    elapsed_s = min(LONGEST_GAP_S, max(0.0, elapsed_s))
    total_s = min(BASE_LOAD_TIME_S, state.base_load_s + elapsed_s)
    mean_w = state.base_load_mean_w
    if total_s > 0.0:
        mean_w += (seen.base_load_w - mean_w) * min(1.0, elapsed_s / total_s)
    state = replace(state, base_load_s=total_s, base_load_mean_w=mean_w, base_load_at=seen.at)
    return state, (mean_w if total_s >= BASE_LOAD_FIRST_S else known_w)
