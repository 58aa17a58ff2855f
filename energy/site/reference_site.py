"""The reference site's miners and zones: the documented defaults."""

from __future__ import annotations

from energy.site.loads import HeatSource, Zone
from energy.site.miners import MinerMode, MinerProfile

REFERENCE_MINERS: tuple[MinerProfile, ...] = (
    MinerProfile(
        id="10000000-0000-0000-0000-000000000001",
        name="Primary S21+ (Revenue)",
        model="Antminer S21+",
        hashrate_ths=235.0,
        power_draw_watts=3_878.0,
        priority_level=1,
        operating_mode=MinerMode.AGGRESSIVE,
        start_voltage=50.0,
        stop_voltage=47.0,
        emergency_stop_voltage=45.0,
        prefer_time_start=18,
        prefer_time_end=10,
        allow_outside_schedule=True,
    ),
    MinerProfile(
        id="10000000-0000-0000-0000-000000000002",
        name="Dump Load S19 #1",
        model="Antminer S19",
        hashrate_ths=95.0,
        power_draw_watts=3_250.0,
        priority_level=3,
        operating_mode=MinerMode.OPPORTUNISTIC,
        start_voltage=54.5,
        stop_voltage=53.0,
        emergency_stop_voltage=50.0,
        require_excess_solar=True,
        minimum_excess_watts=3_500.0,
        minimum_solar_production_watts=8_000.0,
        prefer_time_start=10,
        prefer_time_end=16,
        allow_outside_schedule=False,
        require_sunny_weather=True,
    ),
)

REFERENCE_ZONES: tuple[Zone, ...] = (
    Zone(
        id="20000000-0000-0000-0000-000000000001",
        name="Heat Room",
        temp_too_hot=40.0,
        temp_hot_ok=35.0,
        temp_cold_ok=5.0,
        temp_too_cold=0.0,
        exhaust_fan_enabled=True,
        exhaust_fan_max_speed=10,
        heating_enabled=True,
        heating_priority_1=HeatSource.MINER,
        heating_priority_2=HeatSource.HEATER,
        minimum_solar_for_heating_watts=4_000.0,
        block_charging_below_temp=0.0,
    ),
    Zone(
        id="20000000-0000-0000-0000-000000000002",
        name="Main Room",
        temp_too_hot=35.0,
        temp_hot_ok=30.0,
        temp_cold_ok=0.0,
        temp_too_cold=-5.0,
        exhaust_fan_enabled=True,
        exhaust_fan_max_speed=8,
        heating_enabled=True,
        heating_priority_1=HeatSource.HEATER,
        minimum_solar_for_heating_watts=2_000.0,
    ),
)
