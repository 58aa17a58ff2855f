"""The discretionary budget: solar surplus first, then what the battery may give."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum

from energy.allocation.decision import LoadDecision
from energy.measuring.base_load import metered_w
from energy.measuring.flows import GRID_NOISE_W
from energy.site.loads import OtherLoad
from energy.site.preferences import OperatingMode, Preferences

BATTERY_FACTOR = {
    OperatingMode.CONSERVATIVE: 0.5,
    OperatingMode.BALANCED: 1.0,
    OperatingMode.AGGRESSIVE: 1.5,
}


class RemainingBudget:
    """What is left of the budget, W, while miners are decided one after another by priority."""

    __slots__ = ("battery_w", "carrying_w", "lendable_w", "mean_w", "measured_w", "solar_w")

    def __init__(
        self,
        *,
        solar_w: float,
        mean_w: float,
        carrying_w: float,
        measured_w: float,
        battery_w: float,
        lendable_w: float,
    ) -> None:
        """All in W.

        Args:
            solar_w: Solar surplus now.
            mean_w: Its 10-minute mean, for starts.
            carrying_w: Its 20-minute mean, for running loads.
            measured_w: The part of ``solar_w`` that is measured rather than estimated.
            battery_w: The battery allowance.
            lendable_w: What the battery may lend to running loads for the budget's delay.
        """
        self.solar_w, self.mean_w, self.carrying_w = solar_w, mean_w, carrying_w
        self.measured_w, self.battery_w, self.lendable_w = measured_w, battery_w, lendable_w

    @property
    def total_w(self) -> float:
        """Solar surplus and battery allowance that are left, W."""
        return self.solar_w + self.battery_w

    def may_lend(self, need_w: float) -> bool:
        """Whether the battery may lend the part of ``need_w`` (W) that the sun does not give."""
        return need_w - max(0.0, self.solar_w) <= self.lendable_w

    def spend(self, need_w: float) -> float:
        """Take ``need_w`` (W) out of the budget, sun first; returns the part from the battery, W.

        A miner in its minimum on time may make ``battery_w`` negative.
        """
        from_sun_w = min(need_w, max(0.0, self.solar_w))
        self.solar_w -= from_sun_w
        self.mean_w -= need_w
        self.carrying_w -= need_w
        self.measured_w = max(0.0, self.measured_w - from_sun_w)
        from_battery_w = need_w - from_sun_w
        self.battery_w -= from_battery_w
        self.lendable_w -= from_battery_w
        return from_battery_w


def others_w(others: Iterable[OtherLoad], decided: Iterable[LoadDecision]) -> float:
    """What heaters and fans take of the budget before the miners, W.

    Counts those that run and stay on, and those that start in this cycle.
    """
    taken = {load.load_id: load.power_w for load in decided}
    return fsum(
        taken[load.id] if load.id in taken else other_w(load, runs=_runs(load)) for load in others
    )


def battery_allowance(
    preferences: Preferences, *, lockout: bool, house_deficit_w: float
) -> tuple[float, float]:
    """(what the battery may give to discretionary loads now in W, the operating mode's factor).

    Zero at or below ``voltage_low`` and in the lockout. The house's own deficit and the miners
    together never take more than ``max_battery_discharge_w``.
    """
    factor = BATTERY_FACTOR[preferences.operating_mode]
    if lockout:
        return 0.0, factor
    room_w = max(0.0, preferences.max_battery_discharge_w - house_deficit_w)
    return min(preferences.battery_discharge_allowance_w * factor, room_w), factor


def lendable_w(preferences: Preferences, *, lockout: bool, taken_w: float) -> float:
    """What the battery may lend to running loads for the budget's delay, W: what is left of
    ``max_battery_discharge_w`` after ``taken_w``, nothing in the lockout.
    """
    return 0.0 if lockout else max(0.0, preferences.max_battery_discharge_w - taken_w)


def grid_excess_w(grid_w: float | None, preferences: Preferences) -> float:
    """Grid import beyond the owner's limit and the meter's noise, W; it is taken out of the budget.

    An unknown import counts as none.
    """
    limit_w = preferences.max_grid_import_w if preferences.grid_import_allowed else 0.0
    return 0.0 if grid_w is None else max(0.0, grid_w - limit_w - GRID_NOISE_W)


def other_w(other: OtherLoad, *, runs: bool) -> float:
    """What a heater or fan takes of the budget, W, given whether it is to run.

    0 where its state is unknown: its power is then counted in the base load.
    """
    if other.is_on is None or not runs:
        return 0.0
    now_w = metered_w(other.power_w) if other.is_on else None
    return other.rated_w if now_w is None else now_w


def _runs(other: OtherLoad) -> bool:
    return other.is_on is True if other.wanted_on is None else other.wanted_on
