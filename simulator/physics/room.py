"""A room with heat capacity: warmed by devices in it, cooled through its walls and by its fan."""

from __future__ import annotations

import math

from simulator.physics.site_plan import RoomPlan


class Room:
    """Temperature of one room, °C."""

    __slots__ = ("plan", "temperature_c")

    def __init__(self, plan: RoomPlan) -> None:
        """Start at the plan's temperature."""
        self.plan = plan
        self.temperature_c = plan.start_c

    def step(self, *, heat_w: float, fan_share: float, outside_c: float, dt_s: float) -> None:
        """Apply ``heat_w`` W for ``dt_s`` seconds, with the fan at 0…1 of its air flow.

        Solved exactly for the step, so it is stable for steps of any length.
        """
        loss_w_per_k = self.plan.wall_w_per_k + self.plan.fan_w_per_k * fan_share
        settled_c = outside_c + heat_w / loss_w_per_k
        decay = math.exp(-loss_w_per_k * dt_s / self.plan.heat_capacity_j_per_k)
        self.temperature_c = settled_c + (self.temperature_c - settled_c) * decay
