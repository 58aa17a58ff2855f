"""Miners as the allocator sees them: what the owner set (profile), what is true now (state), what
is remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MinerMode(StrEnum):
    """A miner's own operating mode: how far it may use the reserve."""

    AGGRESSIVE = "aggressive"
    BALANCED = "balanced"
    OPPORTUNISTIC = "opportunistic"


class ControlMethod(StrEnum):
    """How a miner is switched; ``none``: never by us, its watts are the house's."""

    SHELLY = "shelly"
    PYASIC = "pyasic"
    SMARTLOAD = "smartload"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerProfile:
    """The owner's settings of one miner; the names are those of the settings and of the API."""

    id: str
    name: str
    model: str = ""
    hashrate_ths: float = 0.0
    power_draw_watts: float
    priority_level: int = 5
    operating_mode: MinerMode = MinerMode.BALANCED
    start_voltage: float = 52.0
    stop_voltage: float = 50.0
    emergency_stop_voltage: float = 46.0
    start_hysteresis_minutes: float = 5.0
    stop_hysteresis_minutes: float = 2.0
    minimum_on_minutes: float = 15.0
    minimum_off_minutes: float = 10.0
    require_excess_solar: bool = False
    minimum_excess_watts: float = 0.0
    maximum_runtime_hours: float | None = None
    prefer_time_start: int | None = None
    prefer_time_end: int | None = None
    allow_outside_schedule: bool = True
    require_sunny_weather: bool = False
    minimum_solar_production_watts: float = 0.0
    enabled: bool = True
    control_method: ControlMethod = ControlMethod.SHELLY
    device_id: str | None = None
    zone_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerState:
    """What is true of one miner now.

    Attributes:
        miner_id: The profile's id.
        is_on: Whether its switch is on; None when the device does not answer (unknown is not off).
        power_w: Measured power now, W; None without a meter (the profile's draw then stands in).
        power_in_load_w: Its measured power at the time of the snapshot's load reading, W;
            subtracted from the load to get the base load. None without a meter or history
            (``power_w`` then stands in).
        since: When it was last switched; None when unknown.
        runtime_today_s: Seconds it has run in the current local day of the site.
        heat_wanted: A zone asks for its heat: window and sun conditions are waived, voltages are
            not.
    """

    miner_id: str
    is_on: bool | None = False
    power_w: float | None = None
    power_in_load_w: float | None = None
    since: datetime | None = None
    runtime_today_s: float = 0.0
    heat_wanted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerMemory:
    """Since when this miner's conditions have held; None when they do not hold now.

    ``start_since``: at or above its start voltage. ``stop_voltage_since``: below its stop voltage.
    ``condition_failed_since``: a condition of the running miner has failed. ``budget_short_since``:
    the budget is short of its power. ``potential_started_at``: when it was started on PV potential
    that measured PV has not met yet. ``potential_drawn_since``: since when it has drawn its power
    after that start.
    """

    start_since: datetime | None = None
    stop_voltage_since: datetime | None = None
    condition_failed_since: datetime | None = None
    budget_short_since: datetime | None = None
    potential_started_at: datetime | None = None
    potential_drawn_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeHold:
    """A charger holds the battery's voltage at its float or absorption level.

    Attributes:
        voltage_v: The voltage held, V.
        since: When it was first read.
        last_at: When it was last read.
        highest_a: The largest charge current since, A.
        proven_full: PV has been throttled since then.
    """

    voltage_v: float
    since: datetime
    last_at: datetime
    highest_a: float
    proven_full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SurplusSample:
    """Mean solar surplus of the ``cycles`` from ``at`` until ``until``, W."""

    at: datetime
    until: datetime
    mean_w: float
    cycles: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuringMemory:
    """What measuring remembers between cycles.

    Attributes:
        voltage_implausible_since: Since when no voltage has been believed; None while one is.
        waiting_since: Since when the program waits for its first readings; None once there was one.
        balance_closed_at: When the powers of inverter and battery monitor last agreed.
        balance_open_since: Since when they have not agreed; None while they do.
        stuck: Sources that did not show a switch of our loads, and since when that is known.
        clock_back_at: When the host's clock was set back, by that clock; None when it was not.
        clock_was_at: What it showed before.
    """

    voltage_implausible_since: datetime | None = None
    waiting_since: datetime | None = None
    balance_closed_at: datetime | None = None
    balance_open_since: datetime | None = None
    stuck: tuple[tuple[str, datetime], ...] = ()
    clock_back_at: datetime | None = None
    clock_was_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlMemory(MeasuringMemory):
    """Everything the allocator remembers between cycles: passed in, returned, never kept inside.
    Includes the memory of measuring.

    Attributes:
        lockout: The low-voltage lockout holds (set at ``voltage_low``, released at
            ``voltage_restart``).
        miners: Per miner id, since when its conditions have held.
        potential_factor: Multiplier ≤ 1 on the sky's allowance after a start on potential was not
            met; recovers with time.
        potential_lowered_at: When it was last lowered; None when never.
        charge: The charger's hold on the voltage; None when it holds none.
        surplus: Solar surplus of the last twenty minutes, oldest first.
    """

    lockout: bool = False
    miners: tuple[tuple[str, MinerMemory], ...] = ()
    potential_factor: float = 1.0
    potential_lowered_at: datetime | None = None
    charge: ChargeHold | None = None
    surplus: tuple[SurplusSample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What has been learned of the site.

    Attributes:
        resistance_ohm: Internal resistance of the bank, Ω (10 mΩ until learned).
        clear_sky_ratio: Recent ratio of measured to clear-sky PV while unthrottled; None until
            learned.
        best_recent_ratio: That of the best hour of the last days; None before four days of sun.
        usual_best_ratio: The same of the days before; 0.9 until five of them are known; None before
            four days of sun.
        mean_base_load_w: Mean base load of the past week, W; None until an hour of data is there.
        base_load_seen_h: Whole hours that the mean covers, up to 24; None where that is not known.
    """

    resistance_ohm: float = 0.010
    clear_sky_ratio: float | None = None
    mean_base_load_w: float | None = None
    base_load_seen_h: float | None = None
    best_recent_ratio: float | None = None
    usual_best_ratio: float | None = None
