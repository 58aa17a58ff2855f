"""Which zones are controlled, and by what: thresholds, order, the emergency stop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from energy.climate.zones import HvacMemory, ZoneDecision, ZoneDecisions, ZoneReason, control_zones
from energy.site.loads import Zone
from energy.site.snapshot import Reading
from tests.fakes.sites.heated_zone import AT, SUNNY, ZONE, Site


def test_only_the_outer_temperatures_given_the_band_is_two_kelvin() -> None:
    site = Site(replace(ZONE, temp_hot_ok=None, temp_cold_ok=None))
    assert [site.decide(c).fan_on for c in (40.0, 38.1, 38.0)] == [True, True, False]
    assert [site.decide(c).reason for c in (0.0, 1.9, 2.0)] == [
        ZoneReason.HEATED,
        ZoneReason.HEATED,
        ZoneReason.COMFORTABLE,
    ]


def test_a_zone_without_thresholds_is_left_comfortable() -> None:
    site = Site(Zone(id="shed", name="Shed"))
    expected = ZoneDecision(
        zone_id="shed",
        name="Shed",
        temperature_c=60.0,
        reason=ZoneReason.COMFORTABLE,
        explanation="Shed is 60.0 °C: fan and heating are off.",
    )
    assert site.decide(60.0) == expected


def test_the_emergency_stop_turns_fan_and_heater_off_and_still_guards_the_battery() -> None:
    site = Site(hints=replace(SUNNY, emergency_stop=True))
    decision = site.decide(-1.0)
    assert (decision.fan_on, decision.heater_on, decision.heat_wanted_miner_ids) == (
        False,
        False,
        (),
    )
    assert decision.reason is ZoneReason.EMERGENCY_STOP
    assert decision.charging_blocked is True
    assert decision.explanation == (
        "Heat Room: fan and heating are off, the emergency stop is latched."
    )


def test_a_disabled_zone_is_left_alone() -> None:
    assert Site(replace(ZONE, enabled=False)).decide(60.0) == ZoneDecision(
        zone_id="heat-room",
        name="Heat Room",
        temperature_c=None,
        reason=ZoneReason.DISABLED,
        explanation="Heat Room is not controlled: it is disabled in the settings.",
    )


def test_zones_are_independent_and_come_by_name() -> None:
    main = replace(
        ZONE, id="a-main", name="Main Room", temp_too_cold=-5.0, block_charging_below_temp=None
    )
    readings: dict[str, Reading | None] = {
        "heat-room": Reading(value=-1.0),
        "a-main": Reading(value=-1.0),
    }
    decided = [
        control_zones(zones, readings, AT, HvacMemory(), SUNNY)
        for zones in ((ZONE, main), (main, ZONE))
    ]
    assert decided[0] == decided[1]
    assert [zone.name for zone in decided[0].zones] == ["Heat Room", "Main Room"]
    assert decided[0].heat_wanted_miner_ids == frozenset({"s21"})
    assert [zone.charging_blocked for zone in decided[0].zones] == [True, False]
    assert [zone_id for zone_id, _ in decided[0].memory.zones] == ["a-main", "heat-room"]


def test_no_zones_no_decisions() -> None:
    nothing: dict[str, Any] = {}
    assert control_zones((), nothing, AT, HvacMemory(), SUNNY) == ZoneDecisions()
