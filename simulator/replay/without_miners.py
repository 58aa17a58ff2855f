"""The same site without miners, for comparison."""

from __future__ import annotations

from simulator.physics.battery import Battery
from simulator.physics.inverter import Inverter
from simulator.physics.site_plan import BatteryPlan
from simulator.replay.outcome import WithoutMiners

UNSERVED_FROM_W = 1.0
"""Less unserved power than this is rounding, W."""


class SiteWithoutMiners:
    """A second battery and inverter with the same sun, which serve the house alone."""

    def __init__(self, plan: BatteryPlan, *, soc: float, self_use_w: float) -> None:
        """Start with ``soc`` (0…1)."""
        self.battery = Battery(plan, soc=soc)
        self.inverter = Inverter(self.battery, self_use_w=self_use_w)
        self.unserved_wh = self.unserved_s = 0.0
        self.lowest_v, self.lowest_soc = self.battery.voltage_v, self.battery.soc

    @property
    def soc(self) -> float:
        """State of charge, 0…1."""
        return self.battery.soc

    def step(self, available_w: float, house_w: float, dt_s: float) -> float:
        """Let ``dt_s`` seconds pass; returns the house's unserved energy in them, Wh."""
        flow = self.inverter.step(available_w=available_w, load_w=house_w, dt_s=dt_s)
        self.lowest_v = min(self.lowest_v, self.battery.voltage_v)
        self.lowest_soc = min(self.lowest_soc, self.battery.soc)
        if flow.unserved_w <= UNSERVED_FROM_W:
            return 0.0
        self.unserved_s += dt_s
        unserved_wh = flow.unserved_w * dt_s / 3_600.0
        self.unserved_wh += unserved_wh
        return unserved_wh

    def result(self) -> WithoutMiners:
        """The outcome so far."""
        return WithoutMiners(
            unserved_kwh=self.unserved_wh / 1_000.0,
            unserved_s=self.unserved_s,
            lowest_voltage_v=self.lowest_v,
            lowest_soc_pct=self.lowest_soc * 100.0,
        )
