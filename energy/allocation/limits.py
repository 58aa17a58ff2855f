"""Limits that apply to the site as a whole, as sentences."""

from __future__ import annotations

from energy.allocation.decision import AllocationInput, Budget
from energy.allocation.situation import Situation
from energy.measuring.measured import Measured
from energy.wording import volts, watts


def site_limits(
    question: AllocationInput, site: Situation, budget: Budget, measured: Measured
) -> tuple[str, ...]:
    """The limits that apply to the whole site in this cycle, one sentence each; empty without
    any.
    """
    preferences, limits = question.preferences, []
    if question.emergency_stop:
        limits.append("The emergency stop is latched: nothing runs until an admin ends it.")
    if measured.lost:
        limits.append("Telemetry is lost: every miner is stopped.")
    elif measured.stale and not measured.waiting:
        limits.append("The battery voltage is too old or unusable: nothing starts.")
    if site.lockout:
        limits.append(
            "Low-voltage lockout: nothing starts until the rest voltage is back at"
            f" {volts(preferences.voltage_restart)}."
        )
    if measured.load_w is None:
        mean_w = question.learned.mean_base_load_w
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
            f"The battery is full and PV is throttled: {watts(budget.pv_potential_w)} are possible,"
            f" {watts(budget.potential_surplus_w)} of the surplus are estimated, not measured."
        )
    return tuple(limits)
