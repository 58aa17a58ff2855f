"""The base load: the measured load less all controlled loads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import fsum, isfinite

from energy.measuring.quantity import COMPUTED, MISSING, Quality, Quantity
from energy.site.loads import OtherLoad, draws_though_off
from energy.site.miners import ControlMethod, Learned, MinerProfile, MinerState
from energy.wording import watts

LEARNED = "mean of the past week"
"""The source of a base load that stands in for one that can't be measured now."""


def metered_w(power_w: float | None) -> float | None:
    """A meter's reading, W, never below 0; None without one, or when it is not a number."""
    if power_w is None or not isfinite(power_w):
        return None
    return max(0.0, power_w)


def is_controlled(miner: MinerProfile) -> bool:
    """Whether a miner is ours to switch; the watts of another one are the house's."""
    return miner.control_method is not ControlMethod.NONE


def controlled_w(
    miners: Iterable[MinerProfile], states: Iterable[MinerState], others: Iterable[OtherLoad]
) -> float:
    """What miners, heaters and fans take of the measured load, W.

    Each by its power at the time of the load's reading; where that is unknown, by its power now;
    without a meter, by its rated draw. A load of unknown state, or one that draws although its
    switch says off, stays in the base load, so that no other load starts on its watts; so does
    a miner that is not ours to switch.
    """
    draws = {miner.id: miner.power_draw_watts for miner in miners if is_controlled(miner)}
    # fsum: exact, so that the order of the loads does not matter.
    return fsum(_each_w(draws, states, others))


def base_load(load: Quantity, controlled_load_w: float, learned: Learned) -> Quantity:
    """The base load, W, never below 0; without a usable load reading the learned mean stands in."""
    if load.usable is not None:
        house_w = max(0.0, load.usable - controlled_load_w)
        return Quantity(house_w, load.age_s, COMPUTED, stale_after_s=load.stale_after_s)
    mean_w = learned.mean_base_load_w
    if mean_w is None:
        return MISSING._replace(reason="The load is unknown and no mean of it has been learned.")
    reason = f"The load is unknown: the learned mean of {watts(mean_w)} stands in."
    return Quantity(mean_w, None, LEARNED, Quality.STALE, reason)


def _each_w(
    draws: dict[str, float], states: Iterable[MinerState], others: Iterable[OtherLoad]
) -> Iterator[float]:
    for state in states:
        if state.miner_id in draws:
            yield _in_load_w(state, draws[state.miner_id])
    for other in others:
        yield _in_load_w(other, other.rated_w)


def _in_load_w(load: MinerState | OtherLoad, draw_w: float) -> float:
    now_w = metered_w(load.power_w)
    if load.is_on is None or draws_though_off(is_on=load.is_on, power_w=now_w, rated_w=draw_w):
        return 0.0
    in_load_w = metered_w(load.power_in_load_w)
    if in_load_w is not None:
        return in_load_w
    if not load.is_on:
        return 0.0
    return draw_w if now_w is None else now_w
