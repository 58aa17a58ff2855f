"""The readings of the site's instruments at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReading:
    """A switch's readings; ``timer_started_s`` (epoch) is None when not armed.

    ``level`` is what a dimmer is set to, 0…1; None for a relay.
    """

    is_on: bool
    power_w: float
    energy_wh: float
    temperature_c: float
    timer_started_s: float | None
    timer_s: float | None
    source: str
    level: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """All readings at ``at_s`` (epoch seconds).

    Battery power and current are + charging; PV, load and ``potential_w`` (what the array could
    give) are ≥ 0; temperatures °C by room.
    """

    at_s: float
    pv_w: float
    potential_w: float
    load_w: float
    grid_w: float
    battery_w: float
    battery_v: float
    battery_a: float
    battery_c: float
    soc_pct: float
    outside_c: float
    stage: str
    output_on: bool
    rooms_c: dict[str, float]
    devices: dict[str, DeviceReading]
    pv_today_wh: float
    load_today_wh: float
    charged_today_wh: float
    discharged_today_wh: float
    pv_total_wh: float
