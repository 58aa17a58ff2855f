"""A LiFePO4 bank: open-circuit voltage by state of charge, internal resistance, charge stages.

Terminal voltage is ``open-circuit + current × resistance`` with current + while charging, so a
voltage compensated for its sag agrees with the curve. Near full an extra resistance against
charging grows, which makes the current taper at the absorption voltage.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from enum import StrEnum
from itertools import pairwise

from simulator.physics.site_plan import BatteryPlan

_TAPER_FROM = 0.96
_AT_SET_POINT_V = 0.02


class Stage(StrEnum):
    """Charge stage."""

    BULK = "bulk"
    ABSORPTION = "absorption"
    FLOAT = "float"


class Battery:
    """The bank's state: ``soc`` as a share 0…1; ``current_a`` + while charging."""

    __slots__ = (
        "_fractions",
        "_slopes",
        "_voltages",
        "absorption_s",
        "capacity_ah",
        "current_a",
        "plan",
        "soc",
        "stage",
        "voltage_v",
    )

    def __init__(self, plan: BatteryPlan, *, soc: float) -> None:
        """Start at rest with ``soc`` (0…1)."""
        self.plan = plan
        self._voltages = [voltage for voltage, _ in plan.curve]
        self._fractions = [percent / 100.0 for _, percent in plan.curve]
        pairs = list(zip(self._voltages, self._fractions, strict=True))
        self._slopes = [(v2 - v1) / (s2 - s1) for (v1, s1), (v2, s2) in pairwise(pairs)]
        self.capacity_ah = plan.capacity_wh / self._mean_open_circuit_v()
        self.soc = min(1.0, max(0.0, soc))
        self.stage = Stage.BULK
        self.absorption_s = 0.0
        self.current_a = 0.0
        self.voltage_v = self.open_circuit_v

    def _mean_open_circuit_v(self) -> float:
        total = 0.0
        for index in range(len(self._voltages) - 1):
            width = self._fractions[index + 1] - self._fractions[index]
            total += width * (self._voltages[index] + self._voltages[index + 1]) / 2.0
        return total

    @property
    def open_circuit_v(self) -> float:
        """Voltage at rest, V."""
        index = min(bisect_right(self._fractions, self.soc), len(self._slopes)) - 1
        return self._voltages[index] + (self.soc - self._fractions[index]) * self._slopes[index]

    @property
    def stored_wh(self) -> float:
        """Energy that a lossless discharge would give, Wh (integral of the voltage at rest)."""
        total = 0.0
        for index, low in enumerate(self._fractions[:-1]):
            high = min(self._fractions[index + 1], self.soc)
            if high <= low:
                break
            mean = self._voltages[index] + (high - low) / 2.0 * self._slopes[index]
            total += (high - low) * mean
        return total * self.capacity_ah

    @property
    def set_point_v(self) -> float:
        """Voltage that the charger holds in the present stage, V."""
        return self.plan.float_v if self.stage is Stage.FLOAT else self.plan.absorption_v

    def charge_resistance_ohm(self) -> float:
        """Resistance against a charge current, Ω."""
        above = (self.soc - _TAPER_FROM) / (1.0 - _TAPER_FROM)
        extra = self.plan.full_resistance_ohm * above * above if above > 0.0 else 0.0
        return self.plan.resistance_ohm + extra

    def charge_limit_w(self, dt_s: float) -> float:
        """Power that the bank takes at most over the next ``dt_s`` seconds, W."""
        open_circuit = self.open_circuit_v
        resistance = self.charge_resistance_ohm()
        by_voltage = (self.set_point_v - open_circuit) / resistance
        room_ah = (1.0 - self.soc) * self.capacity_ah / self.plan.coulombic_efficiency
        current = max(0.0, min(self.plan.charge_limit_a, by_voltage, room_ah * 3_600.0 / dt_s))
        return current * (open_circuit + current * resistance)

    def discharge_limit_w(self, dt_s: float) -> float:
        """Power that the bank gives at most over the next ``dt_s`` seconds, W."""
        by_charge = self.soc * self.capacity_ah * 3_600.0 / dt_s
        current = min(self.plan.discharge_limit_a, by_charge)
        return current * (self.open_circuit_v - current * self.plan.resistance_ohm)

    def apply(self, power_w: float, dt_s: float) -> None:
        """Charge (+) or discharge (−) with ``power_w`` at the terminals for ``dt_s`` seconds.

        The power has to be within the limits given above.
        """
        open_circuit = self.open_circuit_v
        charging = power_w > 0.0
        resistance = self.charge_resistance_ohm() if charging else self.plan.resistance_ohm
        root = math.sqrt(open_circuit * open_circuit + 4.0 * resistance * power_w)
        current = (root - open_circuit) / (2.0 * resistance)
        kept = current * self.plan.coulombic_efficiency if charging else current
        self.soc = min(1.0, max(0.0, self.soc + kept * dt_s / 3_600.0 / self.capacity_ah))
        self.current_a = current
        self.voltage_v = open_circuit + current * resistance
        self._follow_stage(dt_s)

    def _follow_stage(self, dt_s: float) -> None:
        if self.voltage_v <= self.plan.rebulk_v:
            self.stage, self.absorption_s = Stage.BULK, 0.0
            return
        if self.stage is Stage.FLOAT or self.voltage_v < self.plan.absorption_v - _AT_SET_POINT_V:
            return
        self.stage = Stage.ABSORPTION
        self.absorption_s += dt_s
        tapered = self.current_a <= self.plan.tail_a
        if tapered or self.absorption_s >= self.plan.absorption_max_s:
            self.stage = Stage.FLOAT
