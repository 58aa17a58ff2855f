"""The inputs of all alerts, as plain values. What is missing or stale is None."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from energy.climate.zones import ZoneWarning
from energy.site.preferences import Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFact:
    """One source of telemetry. ``silent_s`` is the time since its last success, s; None when there
    was none. A source that ``drives_loads`` gets no alert of its own when it is silent: its devices
    get one each. ``caution`` is a warning of a source that answers.
    """

    id: str
    name: str
    silent_s: float | None
    interval_s: float = 120.0
    last_error: str | None = None
    drives_loads: bool = False
    caution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFact:
    """One controlled load. ``silent_s`` is the age of its last reading, s; None when there was
    none. ``fault`` is the fault that the device reports; ``rated_w`` its power when on, W.
    ``timer_fault`` is what its switch makes of the dead-man timer, as a clause, where it does not
    keep it.
    """

    id: str
    name: str
    rated_w: float = 0.0
    is_miner: bool = False
    is_on: bool | None = None
    power_w: float | None = None
    silent_s: float | None = 0.0
    fault: str | None = None
    timer_fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedSwitchFact:
    """The newest action of a load, where it ended badly; ``rolled_back`` means that the earlier
    state could be restored.
    """

    load_id: str
    load_name: str
    rolled_back: bool
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleMinerFact:
    """A miner that is off: its power when on, W, and why it is off, as a clause with a full
    stop.
    """

    name: str
    power_w: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneFact:
    """One zone with its warnings."""

    id: str
    name: str
    warnings: tuple[ZoneWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFact:
    """Who latched the emergency stop, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """The inputs of one alert check. Signs as everywhere: battery power + charging, grid + import.

    Attributes:
        telemetry_lost: The battery voltage has been gone for so long that everything is stopped.
        waiting: The program has just started and waits for first readings: silence is no alert yet.
        voltage_age_s: Age of the battery voltage, s; None when there is none at all.
        voltage_reason: Why it is old, replaced or not believed; empty when all is well.
        not_believed: One sentence for each measured value that is not believed, with the reason.
        soc_pct: From the rest voltage, by the owner's calibration.
        sky_allows_w: PV that the sky allows: clear-sky power × the clear-sky ratio, W.
        best_recent_ratio: Measured to clear-sky power in the best hour of the last days.
        usual_best_ratio: The same of the weeks before.
        throttled: The charger throttles PV because the battery is full.
        base_load_w: The load without controlled loads, W; ``usual_base_load_w`` its weekly mean.
        grid_expected: The owner has a grid and uses it.
        grid_present: Whether the grid is there; None when nothing measures it.
        usable_wh: Usable energy of the battery, Wh; ``reserve_wh`` the reserve: tonight's part and
            the dark day's.
        running_miners: Names of the miners that are on.
        local_hour: Hour of the day at the site, 0–23.
        sun_carries_base_load: Whether the sun carries the house now.
    """

    at: datetime
    preferences: Preferences
    telemetry_lost: bool = False
    waiting: bool = False
    raw_voltage_v: float | None = None
    rest_voltage_v: float | None = None
    voltage_age_s: float | None = None
    voltage_reason: str = ""
    soc_pct: float | None = None
    battery_power_w: float | None = None
    battery_temperature_c: float | None = None
    pv_power_w: float | None = None
    sky_allows_w: float | None = None
    best_recent_ratio: float | None = None
    usual_best_ratio: float | None = None
    throttled: bool = False
    base_load_w: float | None = None
    usual_base_load_w: float | None = None
    grid_expected: bool = False
    grid_present: bool | None = None
    usable_wh: float | None = None
    reserve_wh: float | None = None
    sun_carries_base_load: bool | None = None
    not_believed: tuple[str, ...] = ()
    sources: tuple[SourceFact, ...] = ()
    devices: tuple[DeviceFact, ...] = ()
    failed_switches: tuple[FailedSwitchFact, ...] = ()
    running_miners: tuple[str, ...] = ()
    local_hour: int | None = None
    idle_miners: tuple[IdleMinerFact, ...] = ()
    zones: tuple[ZoneFact, ...] = ()
    emergency_stop: StopFact | None = field(default=None)
