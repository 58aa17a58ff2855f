"""The snapshot: all readings of the site, taken once per cycle and not changed during it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Link(StrEnum):
    """How a value reached the program; decides after which age it is stale."""

    CLOUD = "cloud"
    LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One measured value with where it came from and how old it is.

    Attributes:
        value: The number, in the unit that the field holding this reading is named for.
        age_s: Seconds between the measurement (by the payload's own timestamp) and ``Snapshot.at``;
            never negative.
        unchanged_s: Seconds for which the sensor has repeated the byte-identical value in fresh
            samples; 0 when unknown.
        stood_through_w: By how much the metered power of our own loads has changed while this value
            repeated, W; 0 when unknown. A load or current that repeats through kilowatts of change
            is not really measured.
        suspicion: Why a newer value of the same metric is not believed, in plain words; empty when
            there is none.
        source: Name of the adapter or device that measured it, as shown to the owner.
        link: Cloud or local, which selects the limits of staleness.
    """

    value: float
    age_s: float = 0.0
    unchanged_s: float = 0.0
    source: str = "given"
    link: Link = Link.CLOUD
    stood_through_w: float = 0.0
    suspicion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """What the clear-sky model of the site's arrays says for the time of the snapshot.
    ``clear_sky_w`` and ``next_day_clear_wh`` are not corrected by the learned ratio; "expected sun"
    is.

    Attributes:
        clear_sky_w: Modelled array power under a clear sky at the snapshot's time, W; None when
            there is no model.
        sunny: Whether the forecast or the measured clear-sky index calls it sunny; None is unknown
            and counts as no.
        night_hours: Hours of darkness the battery has to bridge until the modelled sun carries the
            base load again: from now at night, the whole coming night by day; None when there is no
            model.
        sun_to_come_wh: Energy that the expected sun still brings beyond the base load until dusk,
            less the losses of storing it, Wh; None when there is no model.
        next_day_hours: Hours of the day after the coming night in which the expected sun carries
            the base load; None when there is no model.
        next_day_clear_wh: What a clear sky would give in those hours, Wh; None likewise.
        sun_carries_base_load: Whether the expected sun carries the base load at the snapshot's
            time.
    """

    clear_sky_w: float | None = None
    sunny: bool | None = None
    night_hours: float | None = None
    sun_to_come_wh: float | None = None
    next_day_hours: float | None = None
    next_day_clear_wh: float | None = None
    sun_carries_base_load: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All measured inputs of one cycle.

    Signs are the product's own: battery power and current + charging, − discharging; grid + import,
    − export; PV and
    load ≥ 0, the load including the running miners and heaters. A value that is missing is None,
    never 0.

    Attributes:
        at: Aware instant for which the cycle decides.
        battery_voltage_v: Raw voltage of the bank by the battery monitor, V.
        inverter_voltage_v: Raw battery voltage by the inverter, V: stands in where the monitor's is
            missing.
        battery_current_a: Battery current, A, + charging.
        battery_power_w: Battery power, W, + charging.
        inverter_battery_power_w: Battery power by the inverter, W, + charging: where the monitor
            tells it too, the two confirm each other.
        battery_temperature_c: Temperature of the bank, °C.
        pv_power_w: PV production, W.
        pv_mean_10min_w: Mean PV production of the last ten minutes, W; None without history.
        load_power_w: Everything behind the load port, W, running controlled loads included.
        grid_power_w: Grid power, W, + import.
        sky: The clear-sky model's view.
    """

    at: datetime
    battery_voltage_v: Reading | None = None
    inverter_voltage_v: Reading | None = None
    battery_current_a: Reading | None = None
    battery_power_w: Reading | None = None
    inverter_battery_power_w: Reading | None = None
    battery_temperature_c: Reading | None = None
    pv_power_w: Reading | None = None
    pv_mean_10min_w: float | None = None
    load_power_w: Reading | None = None
    grid_power_w: Reading | None = None
    sky: Sky = field(default_factory=Sky)

    @property
    def voltages(self) -> tuple[Reading, ...]:
        """The battery voltages that are present, the monitor's first."""
        both = (self.battery_voltage_v, self.inverter_voltage_v)
        return tuple(reading for reading in both if reading is not None)

    @property
    def noisy(self) -> tuple[Reading, ...]:
        """The powers and currents that are present: noisy values that never repeat while
        measured.
        """
        flows = (
            self.battery_current_a,
            self.battery_power_w,
            self.inverter_battery_power_w,
            self.pv_power_w,
            self.load_power_w,
            self.grid_power_w,
        )
        return tuple(reading for reading in flows if reading is not None)

    @property
    def carrying(self) -> tuple[Reading, ...]:
        """The readings in which a switch of our loads must show: the load, and the battery's."""
        flows = (
            self.battery_current_a,
            self.battery_power_w,
            self.inverter_battery_power_w,
            self.load_power_w,
        )
        return tuple(reading for reading in flows if reading is not None)
