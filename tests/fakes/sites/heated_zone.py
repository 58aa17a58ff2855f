"""A zone with fan, heater and a miner that warms it, decided on again and again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from energy.climate.heating import HvacHints
from energy.climate.zones import HvacMemory, ZoneDecision, control_zones
from energy.site.loads import HeatSource, Zone
from energy.site.miners import MinerProfile, MinerState
from energy.site.snapshot import Reading

AT = datetime(2026, 1, 15, 20, 0, tzinfo=UTC)


ZONE = Zone(
    id="heat-room",
    name="Heat Room",
    temp_too_hot=40.0,
    temp_hot_ok=35.0,
    temp_cold_ok=5.0,
    temp_too_cold=0.0,
    exhaust_fan_enabled=True,
    exhaust_fan_device_id="fan-1",
    exhaust_fan_max_speed=10,
    heating_enabled=True,
    heating_priority_1=HeatSource.MINER,
    heating_priority_2=HeatSource.HEATER,
    heater_device_id="heater-1",
    minimum_solar_for_heating_watts=4_000.0,
    block_charging_below_temp=0.0,
)


MINER = MinerProfile(
    id="s21",
    name="S21+",
    power_draw_watts=3_878,
    priority_level=1,
    start_voltage=50.0,
    stop_voltage=47.0,
    emergency_stop_voltage=45.0,
    zone_id="heat-room",
)


SPARE = replace(MINER, id="s19", name="S19", priority_level=3, start_voltage=54.5, stop_voltage=53)
OFF = MinerState(miner_id="s21", is_on=False)
ON = MinerState(miner_id="s21", is_on=True)


SUNNY = HvacHints(
    rest_voltage_v=53.0,
    pv_w=6_000.0,
    miners=(MINER,),
    states=(OFF,),
    fans_with_speed=frozenset({"fan-1"}),
)


ON_A_RELAY = replace(SUNNY, fans_with_speed=frozenset())


class Site:
    """One zone, decided on again and again with its own memory."""

    def __init__(self, zone: Zone = ZONE, hints: HvacHints = SUNNY) -> None:
        self.zone, self.hints, self.memory = zone, hints, HvacMemory()

    def decide(
        self,
        temperature_c: float | None,
        *,
        after_s: float = 0.0,
        age_s: float = 0.0,
        battery_c: float | None = None,
    ) -> ZoneDecision:
        reading = None if temperature_c is None else Reading(value=temperature_c, age_s=age_s)
        at = AT + timedelta(seconds=after_s)
        hints = replace(self.hints, battery_temperature_c=battery_c)
        decided = control_zones((self.zone,), {self.zone.id: reading}, at, self.memory, hints)
        self.memory = decided.memory
        return decided.zones[0]
