"""What the owner has set for a system: calibration, thresholds, mode, limits. Names are those of
the settings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

DEFAULT_CURVE: tuple[tuple[float, float], ...] = (
    (45.0, 0.0),
    (47.0, 15.0),
    (50.0, 40.0),
    (52.0, 60.0),
    (54.5, 80.0),
    (56.0, 100.0),
)
"""Default calibration of a 16-cell LiFePO4 bank under a light load: (voltage V, state of charge %).
"""


class OperatingMode(StrEnum):
    """How boldly the site spends its battery. A single miner has its own ``MinerMode``."""

    CONSERVATIVE = "conservative"
    BALANCED = "balanced"
    AGGRESSIVE = "aggressive"


class ControlLevel(StrEnum):
    """What the control loop may do with its decisions."""

    OBSERVE = "observe"
    APPROVE = "approve"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The settings that control reads. Voltages V, powers W, energies Wh, times in the unit of
    their name.

    ``dark_day_reserve_wh`` is None for 27 % of the capacity.
    ``temperature_unit`` ``auto`` is that of ``units``: °C metric, °F imperial.
    ``solar_priority_start`` to ``solar_priority_end`` are the local hours in which the sun is to
    bring the battery to ``soc_target_pct``.
    ``voltage_curve`` is None for "linear from ``voltage_at_0_percent`` to
    ``voltage_at_100_percent``"; its points are
    (voltage V, SOC %). Ordering rules are checked by
    ``energy.site.preference_rules.preference_violations``.
    """

    # calibration and battery
    voltage_at_0_percent: float = 45.0
    voltage_at_100_percent: float = 56.0
    voltage_curve: tuple[tuple[float, float], ...] | None = DEFAULT_CURVE
    battery_chemistry: str = "LiFePO4"
    battery_nominal_v: float = 51.2
    battery_absolute_min: float = 43.0
    battery_absolute_max: float = 58.8
    battery_capacity_wh: float = 48_000.0
    # thresholds
    voltage_shutdown: float = 44.0
    voltage_critical_low: float = 45.0
    voltage_low: float = 47.0
    voltage_restart: float = 50.0
    voltage_optimal_min: float = 50.0
    voltage_optimal_max: float = 54.5
    voltage_float: float = 55.0
    voltage_absorption: float = 57.6
    voltage_full: float = 58.0
    # display
    user_prefers_soc_display: bool = False
    units: str = "metric"
    temperature_unit: str = "auto"
    power_unit: str = "w"
    # place
    timezone: str = "America/Los_Angeles"
    latitude: float = 37.3382
    longitude: float = -121.8863
    # energy policy
    operating_mode: OperatingMode = OperatingMode.BALANCED
    grid_import_allowed: bool = False
    max_grid_import_w: float = 0.0
    battery_discharge_allowance_w: float = 5_000.0
    max_battery_discharge_w: float = 12_000.0
    budget_tolerance_w: float = 200.0
    budget_delay_minutes: float = 10.0
    max_starts_per_cycle: int = 1
    # reserve: energy kept for the house, and each load's band above it in % of the capacity
    night_reserve_enabled: bool = True
    night_margin: float = 1.15
    sun_to_come_trust: float = 0.7
    unknown_night_hours: float = 14.0
    assumed_base_load_w: float = 1_000.0
    dark_day_reserve_wh: float | None = None
    overcast_sun_pct: float = 27.0
    reserve_ceiling_pct: float = 97.0
    balanced_stop_band_pct: float = 4.0
    balanced_stop_step_pct: float = 6.0
    balanced_start_band_pct: float = 16.0
    balanced_start_step_pct: float = 10.0
    aggressive_stop_band_pct: float = -26.0
    aggressive_stop_step_pct: float = 4.0
    aggressive_start_band_pct: float = -16.0
    aggressive_start_step_pct: float = 8.0
    sun_stop_soc_pct: float = 40.0
    sun_start_soc_pct: float = 60.0
    sun_start_step_pct: float = 12.0
    sun_lend_soc_pct: float = 50.0
    sun_delay_minutes: float = 20.0
    # state-of-charge levels: for alerts; soc_minimum_pct is also a floor of the usable energy
    soc_critical_pct: float = 20.0
    soc_minimum_pct: float = 30.0
    soc_warning_pct: float = 40.0
    soc_pause_miners_pct: float = 50.0
    soc_resume_miners_pct: float = 80.0
    soc_target_pct: float = 80.0
    solar_priority_start: int = 10
    solar_priority_end: int = 16
    # automation
    control_level: ControlLevel = ControlLevel.OBSERVE
    require_confirmation: str = "always"
    manual_hold_minutes: float = 60.0
    stale_after_s: float = 600.0
    stale_after_local_s: float = 60.0
    failsafe_after_s: float = 1_800.0
    failsafe_after_local_s: float = 300.0
    dead_man_minutes: float = 5.0
    approval_minutes: float = 5.0
    # notifications
    notify_email: str | None = None
    notify_phone: str | None = None
    notify_urls: tuple[str, ...] = ()
    notify_critical_only: bool = False
    quiet_hours_start: int | None = None
    quiet_hours_end: int | None = None
    notify_categories: tuple[tuple[str, bool], ...] = ()


def without_addresses(value: Preferences) -> Preferences:
    """The preferences as a decision stores them: without the addresses for messages.

    Addresses hold passwords and tokens. They are encrypted where settings are stored, but a
    decision is stored in plain text and shown to everybody who may read.
    """
    return replace(value, notify_email=None, notify_phone=None, notify_urls=())
