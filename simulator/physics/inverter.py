"""The hybrid inverter: serves the load from sun and battery, and has a use of its own.

Sun serves the load first, then charges the battery; PV beyond that is throttled. There is no grid.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.physics.battery import Battery


@dataclass(slots=True)
class Flow:
    """Powers of one step, W, all ≥ 0 but ``battery_w`` (+ charging, − discharging). ``curtailed_w``
    is throttled PV.
    """

    available_w: float = 0.0
    pv_w: float = 0.0
    curtailed_w: float = 0.0
    load_w: float = 0.0
    self_use_w: float = 0.0
    battery_w: float = 0.0
    unserved_w: float = 0.0


@dataclass(slots=True)
class Totals:
    """Energies since the start, Wh."""

    available_wh: float = 0.0
    pv_wh: float = 0.0
    curtailed_wh: float = 0.0
    load_wh: float = 0.0
    charged_wh: float = 0.0
    discharged_wh: float = 0.0
    unserved_wh: float = 0.0

    def add(self, flow: Flow, dt_s: float) -> None:
        """Count one step."""
        hours = dt_s / 3_600.0
        self.available_wh += flow.available_w * hours
        self.pv_wh += flow.pv_w * hours
        self.curtailed_wh += flow.curtailed_w * hours
        self.load_wh += flow.load_w * hours
        self.unserved_wh += flow.unserved_w * hours
        if flow.battery_w > 0.0:
            self.charged_wh += flow.battery_w * hours
        else:
            self.discharged_wh -= flow.battery_w * hours


class Inverter:
    """Off-grid inverter and charger. ``output_on`` is False after a cut-off for low voltage."""

    __slots__ = ("battery", "flow", "output_on", "self_use_w", "totals")

    def __init__(self, battery: Battery, *, self_use_w: float) -> None:
        """Drive ``battery``; ``self_use_w`` is the inverter's own use while its output is on, W."""
        self.battery = battery
        self.self_use_w = self_use_w
        self.output_on = True
        self.flow = Flow()
        self.totals = Totals()

    def step(
        self, *, available_w: float, load_w: float, dt_s: float, charging_blocked: bool = False
    ) -> Flow:
        """Serve ``load_w`` from ``available_w`` of sun and the battery for ``dt_s`` seconds."""
        self.follow_cutoff()
        wanted = load_w if self.output_on else 0.0
        own = self.self_use_w if self.output_on else 0.0
        balance = available_w - wanted - own
        if balance >= 0.0:
            limit = 0.0 if charging_blocked else self.battery.charge_limit_w(dt_s)
            battery_w = min(balance, limit)
            curtailed, short = balance - battery_w, 0.0
        else:
            given = min(-balance, self.battery.discharge_limit_w(dt_s))
            battery_w, curtailed, short = -given, 0.0, -balance - given
        served = max(0.0, wanted - short)
        own -= max(0.0, short - wanted)
        self.battery.apply(battery_w, dt_s)
        self.flow = Flow(
            available_w=available_w,
            pv_w=available_w - curtailed,
            curtailed_w=curtailed,
            load_w=served,
            self_use_w=own,
            battery_w=battery_w,
            unserved_w=load_w - served,
        )
        self.totals.add(self.flow, dt_s)
        return self.flow

    def follow_cutoff(self) -> None:
        """Switch the output off or on again by the battery's voltage."""
        battery = self.battery
        if self.output_on and battery.voltage_v <= battery.plan.cutoff_v:
            self.output_on = False
        elif not self.output_on and battery.open_circuit_v >= battery.plan.reconnect_v:
            self.output_on = True
