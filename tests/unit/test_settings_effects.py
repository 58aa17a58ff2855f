"""Every setting has an effect: each one is changed, and somebody who can see it looks.

A table names for each setting a change and an observer: what of the product must differ then. A
setting that is missing in the table fails, and so does one that changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import pytest

from commandcenter.wiring import seed
from energy.site.loads import HeatSource, Zone
from energy.site.miners import ControlMethod, MinerMode, MinerProfile
from energy.site.preference_rules import (
    Violation,
    miner_violations,
    preference_violations,
    zone_violations,
)
from energy.site.preferences import ControlLevel, OperatingMode, Preferences
from tests.fakes.settings_observers import (
    OneSite,
    alerts,
    answers,
    decisions,
    later_decisions,
    messages,
    mined,
    pages,
    rooms,
    running,
    skies,
)

Observer = Callable[[OneSite], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Effect:
    """Where a change of one setting shows; ``beside`` holds what else has to be set for it."""

    value: object
    seen_in: Observer
    beside: dict[str, Any] = field(default_factory=dict)


PREFERENCES: dict[str, Effect] = {
    "voltage_at_0_percent": Effect(44.0, decisions, {"voltage_curve": None}),
    "voltage_at_100_percent": Effect(57.0, decisions, {"voltage_curve": None}),
    "voltage_curve": Effect(None, decisions),
    "battery_chemistry": Effect("LTO", answers),
    "battery_nominal_v": Effect(48.0, answers),
    "battery_absolute_min": Effect(
        46.0, decisions, {"voltage_shutdown": 46.1, "voltage_critical_low": 46.5}
    ),
    "battery_absolute_max": Effect(62.0, decisions),
    "battery_capacity_wh": Effect(30000.0, decisions),
    "voltage_shutdown": Effect(43.0, alerts),
    "voltage_critical_low": Effect(46.0, decisions),
    "voltage_low": Effect(49.6, decisions),
    "voltage_restart": Effect(48.0, decisions),
    "voltage_optimal_min": Effect(52.6, pages),
    "voltage_optimal_max": Effect(52.2, pages),
    "voltage_float": Effect(57.3, decisions),
    "voltage_absorption": Effect(56.0, pages),
    "voltage_full": Effect(57.65, pages),
    "user_prefers_soc_display": Effect(True, pages),
    "units": Effect("imperial", pages),
    "temperature_unit": Effect("f", pages),
    "power_unit": Effect("kw", alerts),
    "timezone": Effect("Europe/Zurich", decisions),
    "latitude": Effect(47.0, skies),
    "longitude": Effect(8.0, skies),
    "operating_mode": Effect(OperatingMode.AGGRESSIVE, decisions),
    "grid_import_allowed": Effect(True, alerts),
    "max_grid_import_w": Effect(2000.0, decisions, {"grid_import_allowed": True}),
    "battery_discharge_allowance_w": Effect(2000.0, decisions),
    "max_battery_discharge_w": Effect(4000.0, decisions),
    "budget_tolerance_w": Effect(3000.0, decisions),
    "budget_delay_minutes": Effect(2.0, later_decisions),
    "max_starts_per_cycle": Effect(2, decisions),
    "night_reserve_enabled": Effect(False, decisions),
    "night_margin": Effect(2.0, decisions),
    "sun_to_come_trust": Effect(0.0, decisions),
    "unknown_night_hours": Effect(2.0, decisions),
    "assumed_base_load_w": Effect(4000.0, decisions),
    "dark_day_reserve_wh": Effect(1000.0, decisions),
    "overcast_sun_pct": Effect(0.0, decisions),
    "reserve_ceiling_pct": Effect(60.0, decisions),
    "balanced_stop_band_pct": Effect(12.0, decisions),
    "balanced_stop_step_pct": Effect(1.0, decisions),
    "balanced_start_band_pct": Effect(40.0, decisions),
    "balanced_start_step_pct": Effect(30.0, decisions),
    "aggressive_stop_band_pct": Effect(-12.0, decisions, {"aggressive_start_band_pct": 20.0}),
    "aggressive_stop_step_pct": Effect(1.0, decisions),
    "aggressive_start_band_pct": Effect(20.0, decisions),
    "aggressive_start_step_pct": Effect(30.0, decisions),
    "sun_stop_soc_pct": Effect(20.0, decisions),
    "sun_start_soc_pct": Effect(90.0, decisions),
    "sun_start_step_pct": Effect(0.0, decisions),
    "sun_lend_soc_pct": Effect(
        90.0, later_decisions, {"sun_start_soc_pct": 90.0, "sun_start_step_pct": 0.0}
    ),
    "sun_delay_minutes": Effect(0.0, later_decisions),
    "soc_critical_pct": Effect(30.0, alerts),
    "soc_minimum_pct": Effect(50.0, decisions),
    "soc_warning_pct": Effect(60.0, alerts),
    "soc_pause_miners_pct": Effect(30.0, alerts),
    "soc_resume_miners_pct": Effect(90.0, alerts),
    "soc_target_pct": Effect(60.0, alerts),
    "solar_priority_start": Effect(7, alerts),
    "solar_priority_end": Effect(20, alerts),
    "control_level": Effect(ControlLevel.APPROVE, running),
    "require_confirmation": Effect("never", running),
    "manual_hold_minutes": Effect(2.0, running, {"control_level": ControlLevel.AUTOMATIC}),
    "stale_after_s": Effect(800.0, decisions),
    "stale_after_local_s": Effect(100.0, decisions),
    "failsafe_after_s": Effect(3000.0, decisions),
    "failsafe_after_local_s": Effect(600.0, decisions),
    "dead_man_minutes": Effect(9.0, running, {"control_level": ControlLevel.AUTOMATIC}),
    "approval_minutes": Effect(9.0, running),
    "notify_email": Effect("a@b.ch", messages),
    "notify_phone": Effect("+41791234567", messages),
    "notify_urls": Effect(("json://x.y",), messages),
    "notify_critical_only": Effect(True, messages),
    "quiet_hours_start": Effect(20, messages, {"quiet_hours_end": 6}),
    "quiet_hours_end": Effect(9, messages, {"quiet_hours_start": 22}),
    "notify_categories": Effect((("battery", False),), messages),
}

MINER: dict[str, Effect] = {
    "id": Effect("10000000-0000-0000-0000-00000000000f", rooms),
    "name": Effect("Else", rooms),
    "model": Effect("S9", answers),
    "hashrate_ths": Effect(1.0, mined),
    "power_draw_watts": Effect(2000.0, decisions),
    "priority_level": Effect(9, decisions),
    "operating_mode": Effect(MinerMode.OPPORTUNISTIC, decisions),
    "start_voltage": Effect(53.0, decisions),
    "stop_voltage": Effect(49.0, decisions),
    "emergency_stop_voltage": Effect(46.0, decisions),
    "start_hysteresis_minutes": Effect(1.0, decisions),
    "stop_hysteresis_minutes": Effect(6.0, decisions),
    "minimum_on_minutes": Effect(60.0, later_decisions, {"require_excess_solar": True}),
    "minimum_off_minutes": Effect(30.0, later_decisions),
    "require_excess_solar": Effect(True, decisions),
    "minimum_excess_watts": Effect(8000.0, decisions, {"require_excess_solar": True}),
    "maximum_runtime_hours": Effect(3.0, decisions),
    "prefer_time_start": Effect(14, decisions, {"allow_outside_schedule": False}),
    "prefer_time_end": Effect(14, decisions, {"allow_outside_schedule": False}),
    "allow_outside_schedule": Effect(False, decisions),
    "require_sunny_weather": Effect(True, pages),
    "minimum_solar_production_watts": Effect(8000.0, decisions),
    "enabled": Effect(False, decisions),
    "control_method": Effect(ControlMethod.NONE, rooms),
    "device_id": Effect(str(seed.DUMP.load_id), mined),
    "zone_id": Effect(None, rooms),
}

ZONE: dict[str, Effect] = {
    "id": Effect("20000000-0000-0000-0000-00000000000f", rooms),
    "name": Effect("Else", rooms),
    "zone_type": Effect("greenhouse", pages),
    "temp_too_hot": Effect(45.0, rooms),
    "temp_hot_ok": Effect(30.0, rooms),
    "temp_cold_ok": Effect(8.0, rooms),
    "temp_too_cold": Effect(2.0, rooms),
    "exhaust_fan_enabled": Effect(False, rooms),
    "exhaust_fan_device_id": Effect(str(seed.FAN_2.load_id), rooms),
    "exhaust_fan_speed_auto": Effect(False, rooms),
    "exhaust_fan_max_speed": Effect(5, rooms),
    "heating_enabled": Effect(False, rooms),
    "heating_priority_1": Effect(HeatSource.HEATER, rooms),
    "heating_priority_2": Effect(HeatSource.NONE, rooms),
    "heater_device_id": Effect(str(seed.HEATER_2.load_id), rooms),
    "only_heat_when_solar": Effect(False, rooms),
    "minimum_solar_for_heating_watts": Effect(2000.0, rooms),
    "block_charging_below_temp": Effect(4.0, rooms),
    "sensor_device_id": Effect(str(seed.BATTERY_PACK), pages),
    "enabled": Effect(False, rooms),
}

KINDS: dict[str, tuple[type, dict[str, Effect]]] = {
    "preferences": (Preferences, PREFERENCES),
    "miner": (MinerProfile, MINER),
    "zone": (Zone, ZONE),
}
RULES: dict[str, Callable[[Any], list[Violation]]] = {
    "preferences": preference_violations,
    "miner": miner_violations,
    "zone": zone_violations,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_is_in_the_table(kind: str) -> None:
    settings, effects = KINDS[kind]
    assert sorted(effects) == sorted(each.name for each in fields(settings))


@pytest.mark.parametrize(
    ("kind", "name"),
    [pytest.param(kind, name, id=f"{kind}.{name}") for kind in KINDS for name in KINDS[kind][1]],
)
async def test_a_changed_setting_is_seen(kind: str, name: str) -> None:
    effect, site = KINDS[kind][1][name], OneSite()
    before = replace(getattr(site, kind), **effect.beside)
    after = replace(before, **{name: effect.value})
    assert RULES[kind](after) == [], "an owner could set this"
    seen = [await effect.seen_in(replace(site, **{kind: value})) for value in (before, after)]
    assert seen[0] != seen[1], f"{kind}.{name} changes nothing of what is looked at"


@pytest.mark.parametrize(
    "observer",
    [
        alerts,
        answers,
        decisions,
        later_decisions,
        messages,
        mined,
        pages,
        rooms,
        running,
        skies,
    ],
)
async def test_nothing_seems_to_change_where_nothing_was_changed(observer: Observer) -> None:
    assert await observer(OneSite()) == await observer(OneSite())
