"""Zones: fan and heating with hysteresis, where heat comes from, cold banks, mute sensors."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from energy.climate.heating import HvacHints
from energy.climate.thermostat import fan_speed
from energy.climate.zones import (
    HvacMemory,
    ZoneDecision,
    ZoneDecisions,
    ZoneReason,
    ZoneWarning,
    ZoneWarningCode,
    control_zones,
)
from energy.site.loads import HeatSource, Zone
from energy.site.miners import ControlMethod, MinerProfile, MinerState
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


def test_the_fan_over_time() -> None:
    site = Site()
    seen = [
        (c, d.fan_on, d.fan_speed, d.reason)
        for c in (39.9, 40.0, 41.0, 45.0, 50.0, 36.0, 35.1, 35.0, 39.9)
        for d in [site.decide(c)]
    ]
    assert seen == [
        (39.9, False, None, ZoneReason.COMFORTABLE),
        (40.0, True, 6, ZoneReason.TOO_HOT),
        (41.0, True, 6, ZoneReason.TOO_HOT),
        (45.0, True, 10, ZoneReason.TOO_HOT),
        (50.0, True, 10, ZoneReason.TOO_HOT),
        (36.0, True, 2, ZoneReason.COOLING),
        (35.1, True, 1, ZoneReason.COOLING),
        (35.0, False, None, ZoneReason.COMFORTABLE),
        (39.9, False, None, ZoneReason.COMFORTABLE),
    ]


def test_a_fan_on_a_relay_has_no_speed_to_decide_or_to_tell() -> None:
    site = Site(hints=ON_A_RELAY)
    seen = [
        (c, d.fan_on, d.fan_speed, d.explanation)
        for c in (39.9, 41.0, 50.0, 37.0, 35.0)
        for d in [site.decide(c)]
    ]
    assert seen == [
        (39.9, False, None, "Heat Room is 39.9 °C: fan and heating are off."),
        (41.0, True, None, "Heat Room is 41.0 °C, at or above 40.0 °C: exhaust fan on."),
        (50.0, True, None, "Heat Room is 50.0 °C, at or above 40.0 °C: exhaust fan on."),
        (37.0, True, None, "Heat Room is 37.0 °C and cools to 35.0 °C: exhaust fan on."),
        (35.0, False, None, "Heat Room is 35.0 °C: fan and heating are off."),
    ]
    mute = Site(hints=ON_A_RELAY)
    mute.decide(20.0)
    late = mute.decide(None, after_s=900)
    assert (late.fan_on, late.fan_speed, late.explanation) == (
        True,
        None,
        "Heat Room has had no temperature for 15 min: fan on, heating off.",
    )


def test_a_running_fan_keeps_its_speed_within_the_hysteresis() -> None:
    site = Site()
    # The ramp has 0.9 speeds a kelvin: 5.5 at 40 °C, 6.4 at 41 °C.
    course = ((40.0, 6), (40.5, 6), (41.3, 6), (41.4, 7), (40.9, 7), (40.8, 6), (45.0, 10))
    assert [site.decide(c).fan_speed for c, _ in course] == [speed for _, speed in course]


def test_a_lower_limit_of_the_speed_holds_at_once() -> None:
    site = Site()
    assert site.decide(45.0).fan_speed == 10
    site.zone = replace(ZONE, exhaust_fan_max_speed=4)
    assert site.decide(45.0).fan_speed == 4


def test_the_heating_over_time() -> None:
    site = Site(hints=replace(SUNNY, states=(ON,)))
    seen = [
        (c, d.heat_source, d.heater_on, d.reason)
        for c in (0.1, 0.0, -3.0, 4.9, 5.0, 0.1)
        for d in [site.decide(c)]
    ]
    assert seen == [
        (0.1, HeatSource.NONE, False, ZoneReason.COMFORTABLE),
        (0.0, HeatSource.MINER, False, ZoneReason.HEATED),
        (-3.0, HeatSource.MINER, False, ZoneReason.HEATED),
        (4.9, HeatSource.MINER, False, ZoneReason.HEATED),
        (5.0, HeatSource.NONE, False, ZoneReason.COMFORTABLE),
        (0.1, HeatSource.NONE, False, ZoneReason.COMFORTABLE),
    ]


@pytest.mark.parametrize(
    ("temperature_c", "expected"),
    [(30.0, 1), (35.0, 1), (37.0, 3), (40.0, 6), (42.5, 8), (45.0, 10), (60.0, 10)],
)
def test_the_speed_rises_linearly(temperature_c: float, expected: int) -> None:
    assert fan_speed(temperature_c, ZONE) == expected


@pytest.mark.parametrize(
    "zone",
    [
        pytest.param(replace(ZONE, exhaust_fan_speed_auto=False), id="no automatic speed"),
        pytest.param(replace(ZONE, temp_too_hot=None), id="no threshold"),
    ],
)
def test_without_a_ramp_the_fan_runs_at_its_highest_speed(zone: Zone) -> None:
    assert fan_speed(36.0, zone) == 10


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


def test_a_hot_zone_says_what_it_does_and_what_would_change_it() -> None:
    assert Site().decide(41.0) == ZoneDecision(
        zone_id="heat-room",
        name="Heat Room",
        temperature_c=41.0,
        reason=ZoneReason.TOO_HOT,
        fan_on=True,
        fan_speed=6,
        fan_device_id="fan-1",
        heater_on=False,
        heater_device_id="heater-1",
        explanation=("Heat Room is 41.0 °C, at or above 40.0 °C: exhaust fan on at speed 6 of 10."),
        would_change="the fan goes off at 35.0 °C and heating goes on at 0.0 °C",
    )


def test_a_zone_that_cools_down_and_one_without_a_fan() -> None:
    site = Site()
    site.decide(40.0)
    assert site.decide(37.0).explanation == (
        "Heat Room is 37.0 °C and cools to 35.0 °C: exhaust fan on at speed 3 of 10."
    )
    bare = Site(replace(ZONE, exhaust_fan_enabled=False)).decide(41.0)
    assert (bare.fan_on, bare.fan_speed, bare.fan_device_id) == (None, None, None)
    assert bare.explanation == (
        "Heat Room is 41.0 °C, at or above 40.0 °C: it has no fan to cool it."
    )


HEATER_FIRST = replace(
    ZONE, heating_priority_1=HeatSource.HEATER, heating_priority_2=HeatSource.MINER
)
BOTH = replace(SUNNY, miners=(SPARE, MINER))


@pytest.mark.parametrize(
    ("zone", "hints", "expected"),
    [
        pytest.param(
            ZONE,
            SUNNY,
            (HeatSource.MINER, ("s21",), False, "S21+ is asked to run for its heat."),
            id="miner first: asked",
        ),
        pytest.param(
            ZONE,
            replace(SUNNY, states=(ON,)),
            (HeatSource.MINER, ("s21",), False, "S21+ warms it."),
            id="miner first: runs",
        ),
        pytest.param(
            HEATER_FIRST, SUNNY, (HeatSource.HEATER, (), True, "heater on."), id="heater first"
        ),
        pytest.param(
            replace(ZONE, heating_priority_2=HeatSource.MINER),
            SUNNY,
            (HeatSource.MINER, ("s21",), False, "S21+ is asked to run for its heat."),
            id="miner twice is miner once",
        ),
        pytest.param(
            ZONE,
            replace(SUNNY, rest_voltage_v=49.99),
            (
                HeatSource.HEATER,
                (),
                True,
                "heater on (S21+ waits because 49.99 V is below its start voltage 50.00 V).",
            ),
            id="an idle miner needs its start voltage",
        ),
        pytest.param(
            ZONE,
            replace(
                SUNNY,
                miners=(replace(MINER, stop_voltage=49.5, start_voltage=50),),
                states=(ON,),
                rest_voltage_v=49.49,
            ),
            (
                HeatSource.HEATER,
                (),
                True,
                "heater on (S21+ waits because 49.49 V is below its stop voltage 49.50 V).",
            ),
            id="a running miner needs its stop voltage",
        ),
        pytest.param(
            ZONE,
            replace(SUNNY, states=(ON,), rest_voltage_v=49.99),
            (HeatSource.MINER, ("s21",), False, "S21+ warms it."),
            id="a running miner goes on below its start voltage",
        ),
        pytest.param(
            ZONE,
            replace(BOTH, rest_voltage_v=55.0, states=(OFF, replace(ON, miner_id="s19"))),
            (HeatSource.MINER, ("s19",), False, "S19 warms it."),
            id="the running miner before the more important one",
        ),
        pytest.param(
            ZONE,
            replace(BOTH, rest_voltage_v=55.0, states=(OFF, replace(OFF, miner_id="s19"))),
            (HeatSource.MINER, ("s21",), False, "S21+ is asked to run for its heat."),
            id="else by priority",
        ),
        pytest.param(
            ZONE,
            replace(SUNNY, miners=(replace(MINER, zone_id="elsewhere"),)),
            (HeatSource.HEATER, (), True, "heater on (no miner warms it)."),
            id="a miner elsewhere does not warm it",
        ),
        pytest.param(
            ZONE,
            replace(SUNNY, miners=(replace(MINER, enabled=False),)),
            (HeatSource.HEATER, (), True, "heater on (S21+ is disabled)."),
            id="a disabled miner",
        ),
        pytest.param(
            ZONE,
            replace(SUNNY, miners=(replace(MINER, control_method=ControlMethod.NONE),)),
            (HeatSource.HEATER, (), True, "heater on (S21+ cannot be switched now)."),
            id="a miner that nothing switches",
        ),
        pytest.param(
            ZONE,
            replace(SUNNY, states=()),
            (HeatSource.HEATER, (), True, "heater on (S21+ cannot be switched now)."),
            id="a miner of unknown state",
        ),
    ],
)
def test_what_warms_a_cold_zone(
    zone: Zone, hints: HvacHints, expected: tuple[HeatSource, tuple[str, ...], bool, str]
) -> None:
    decision = Site(zone, hints).decide(-1.0)
    source, miners, heater_on, clause = expected
    assert decision.reason is ZoneReason.HEATED
    assert (decision.heat_source, decision.heat_wanted_miner_ids, decision.heater_on) == (
        source,
        miners,
        heater_on,
    )
    assert decision.explanation == f"Heat Room is -1.0 °C, at or below 0.0 °C: {clause}".replace(
        "-1", "−1"
    )


@pytest.mark.parametrize(
    ("zone", "hints", "why"),
    [
        pytest.param(
            ZONE,
            replace(SUNNY, pv_w=3_999.0),
            "PV gives 3 999 W and heating needs 4 000 W",
            id="too little sun",
        ),
        pytest.param(
            ZONE,
            replace(SUNNY, pv_w=None),
            "there is no PV reading and heating needs 4 000 W of sun",
            id="no PV reading",
        ),
        pytest.param(
            replace(ZONE, heating_enabled=False),
            SUNNY,
            "its heating is switched off in the settings",
            id="heating disabled",
        ),
        pytest.param(
            replace(ZONE, heating_priority_1=HeatSource.NONE, heating_priority_2=HeatSource.NONE),
            SUNNY,
            "no heat source is set for it",
            id="no source",
        ),
        pytest.param(
            ZONE,
            replace(SUNNY, rest_voltage_v=None),
            "S21+ waits because there is no recent battery voltage; "
            "the heater waits because there is no recent battery voltage",
            id="no voltage",
        ),
        pytest.param(
            ZONE,
            replace(SUNNY, rest_voltage_v=47.0),
            "S21+ waits because the battery at 47.00 V is at or below 47.00 V; "
            "the heater waits because the battery at 47.00 V is at or below 47.00 V",
            id="battery low",
        ),
        pytest.param(
            replace(ZONE, heater_device_id=None),
            replace(SUNNY, lockout=True),
            "S21+ waits because the battery was low and is not back at 50.00 V; it has no heater",
            id="locked out, no heater",
        ),
    ],
)
def test_a_cold_zone_says_why_it_is_not_heated(zone: Zone, hints: HvacHints, why: str) -> None:
    decision = Site(zone, hints).decide(-1.0)
    sentence = f"Heat Room is −1.0 °C, at or below 0.0 °C, and is not heated: {why}."
    assert (decision.reason, decision.heat_source) == (
        ZoneReason.COLD_NOT_HEATED,
        HeatSource.NONE,
    )
    assert decision.heater_on is not True
    assert decision.explanation == sentence
    assert decision.warnings[0] == ZoneWarning(
        code=ZoneWarningCode.COLD_NOT_HEATED, critical=False, sentence=sentence
    )


def test_without_the_solar_condition_the_battery_may_heat() -> None:
    zone = replace(ZONE, only_heat_when_solar=False)
    assert Site(zone, replace(SUNNY, pv_w=0.0)).decide(-1.0).heat_source is HeatSource.MINER


def test_sun_at_exactly_the_minimum_heats() -> None:
    assert Site(hints=replace(SUNNY, pv_w=4_000.0)).decide(-1.0).reason is ZoneReason.HEATED


def test_a_miner_asked_in_vain_for_ten_minutes_is_joined_by_the_heater() -> None:
    site = Site()
    seen = []
    for after_s, is_on in ((0, False), (599, False), (600, False), (660, False), (720, True)):
        site.hints = replace(SUNNY, states=(replace(OFF, is_on=is_on),))
        decision = site.decide(1.0 if after_s else -1.0, after_s=after_s)
        seen.append((after_s, decision.heat_source, decision.heat_wanted_miner_ids))
    assert seen == [
        (0, HeatSource.MINER, ("s21",)),
        (599, HeatSource.MINER, ("s21",)),
        (600, HeatSource.HEATER, ("s21",)),
        (660, HeatSource.HEATER, ("s21",)),
        (720, HeatSource.MINER, ("s21",)),
    ]
    assert site.decide(1.0, after_s=780).explanation == (
        "Heat Room is 1.0 °C, not yet 5.0 °C: S21+ warms it."
    )


def test_a_miner_asked_in_vain_is_asked_on_where_nothing_else_heats() -> None:
    site = Site(replace(ZONE, heating_priority_2=HeatSource.NONE))
    site.decide(-1.0)
    decision = site.decide(-1.0, after_s=600)
    assert (decision.heat_source, decision.heat_wanted_miner_ids) == (HeatSource.MINER, ("s21",))
    assert decision.explanation == (
        "Heat Room is −1.0 °C, at or below 0.0 °C: S21+ is asked to run for its heat "
        "(S21+ was asked for its heat and does not run)."
    )


def test_a_mute_sensor_over_time() -> None:
    site = Site(hints=replace(SUNNY, states=(ON,)))
    site.decide(-1.0)
    seen = [
        (s, d.reason, d.fan_on, d.fan_speed, d.heat_source)
        for s in (60, 899, 900, 3_600)
        for d in [site.decide(None, after_s=s)]
    ]
    assert seen == [
        (60, ZoneReason.WAITING_FOR_SENSOR, False, None, HeatSource.MINER),
        (899, ZoneReason.WAITING_FOR_SENSOR, False, None, HeatSource.MINER),
        (900, ZoneReason.NO_SENSOR, True, 1, HeatSource.NONE),
        (3_600, ZoneReason.NO_SENSOR, True, 1, HeatSource.NONE),
    ]
    back = site.decide(3.0, after_s=3_660)
    assert (back.reason, back.fan_on) == (ZoneReason.COMFORTABLE, False)


def test_a_reading_that_gets_old_is_no_reading() -> None:
    site = Site()
    fresh = site.decide(20.0, age_s=899.9)
    assert fresh.temperature_c == 20.0
    old = site.decide(20.0, age_s=900.0)
    sentence = "Heat Room has had no temperature for 15 min: fan on low, heating off."
    assert old == ZoneDecision(
        zone_id="heat-room",
        name="Heat Room",
        temperature_c=None,
        reason=ZoneReason.NO_SENSOR,
        fan_on=True,
        fan_speed=1,
        fan_device_id="fan-1",
        heater_on=False,
        heater_device_id="heater-1",
        explanation=sentence,
        warnings=(ZoneWarning(code=ZoneWarningCode.NO_SENSOR, critical=False, sentence=sentence),),
    )


def test_a_sensor_that_never_spoke_is_waited_for_from_the_first_cycle() -> None:
    site = Site(replace(ZONE, exhaust_fan_enabled=False))
    assert site.decide(None).reason is ZoneReason.WAITING_FOR_SENSOR
    assert site.decide(math.nan, after_s=899).reason is ZoneReason.WAITING_FOR_SENSOR
    mute = site.decide(None, after_s=900)
    assert (mute.reason, mute.fan_on) == (ZoneReason.NO_SENSOR, None)
    assert mute.explanation == "Heat Room has had no temperature for 15 min: heating off."


def test_a_waiting_zone_keeps_its_fan_as_it_was() -> None:
    site = Site()
    site.decide(42.0)
    waiting = site.decide(None, after_s=120)
    assert (waiting.fan_on, waiting.fan_speed, waiting.would_change) == (True, 7, "")
    assert waiting.explanation == (
        "Heat Room waits for its next temperature: fan and heating stay as they are."
    )


def test_charging_is_blocked_below_the_threshold_and_released_two_kelvin_above() -> None:
    site = Site()
    seen = [
        (c, site.decide(c).charging_blocked) for c in (0.0, -0.1, 0.0, 1.9, 2.0, 0.0, -5.0, None)
    ]
    assert seen == [
        (0.0, False),
        (-0.1, True),
        (0.0, True),
        (1.9, True),
        (2.0, False),
        (0.0, False),
        (-5.0, True),
        (None, True),
    ]


def test_the_colder_of_zone_and_bank_counts() -> None:
    site = Site()
    seen = [
        site.decide(zone_c, battery_c=bank_c).charging_blocked
        for zone_c, bank_c in ((6.0, -0.5), (6.0, 1.9), (None, 1.0), (6.0, 2.0))
    ]
    assert seen == [True, True, True, False]


def test_a_zone_without_a_threshold_blocks_no_charging() -> None:
    site = Site(replace(ZONE, block_charging_below_temp=None))
    assert site.decide(-20.0).charging_blocked is False


def test_a_device_that_can_block_charging_does_so_without_an_alarm() -> None:
    decision = Site(hints=replace(SUNNY, can_block_charging=True)).decide(-1.0)
    assert (decision.charging_blocked, decision.charging_block_enforced) == (True, True)
    assert decision.warnings == ()


def test_where_nothing_can_block_charging_it_says_so_as_critical() -> None:
    site = Site()
    decision = site.decide(-1.0, battery_c=1.0)
    assert (decision.charging_blocked, decision.charging_block_enforced) == (True, False)
    assert decision.warnings == (
        ZoneWarning(
            code=ZoneWarningCode.CHARGING_NOT_BLOCKABLE,
            critical=True,
            sentence=(
                "Heat Room is −1.0 °C and the battery 1.0 °C: the battery must not be charged "
                "below 0.0 °C (again from 2.0 °C) and no device here can block it."
            ),
        ),
    )
    silent = site.decide(None, after_s=60)
    assert silent.warnings[0].sentence.startswith("It was too cold: the battery must not")


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
    assert decided[0].charging_blocked is True
    assert [zone_id for zone_id, _ in decided[0].memory.zones] == ["a-main", "heat-room"]


def test_a_clock_that_jumps_back_does_not_make_a_sensor_mute() -> None:
    site = Site()
    site.decide(20.0, after_s=7_200)
    assert site.decide(None, after_s=0).reason is ZoneReason.WAITING_FOR_SENSOR
    assert site.decide(None, after_s=900).reason is ZoneReason.NO_SENSOR


def test_no_zones_no_decisions() -> None:
    nothing: dict[str, Any] = {}
    assert control_zones((), nothing, AT, HvacMemory(), SUNNY) == ZoneDecisions()


@pytest.mark.parametrize("room_c", [20.0, -1.0, None], ids=["warm", "cold", "no reading"])
@pytest.mark.parametrize("enabled", [True, False], ids=["controlled", "disabled zone"])
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"rest_voltage_v": 47.01, "lowest_voltage_v": 46.5}, "", id="above low"),
        pytest.param(
            {"rest_voltage_v": 47.0, "lowest_voltage_v": 46.5},
            "47.00 V is at or below the low voltage 47.00 V: no heater runs.",
            id="low at rest",
        ),
        pytest.param(
            {"rest_voltage_v": 47.5, "lowest_voltage_v": 45.0},
            "45.00 V is at or below the critical 45.00 V: no heater runs.",
            id="critical under load",
        ),
        pytest.param(
            {"rest_voltage_v": None, "lowest_voltage_v": 44.0},
            "44.00 V is at or below the critical 45.00 V: no heater runs.",
            id="critical, and old",
        ),
        pytest.param({"rest_voltage_v": None, "lowest_voltage_v": 52.0}, "", id="old"),
        pytest.param(
            {"rest_voltage_v": None, "telemetry_lost": True},
            "The battery voltage is lost: no heater runs.",
            id="lost",
        ),
    ],
)
def test_a_heater_stops_to_protect_the_battery(
    changes: dict[str, Any], why: str, room_c: float | None, *, enabled: bool
) -> None:
    decision = Site(replace(ZONE, enabled=enabled), replace(SUNNY, **changes)).decide(room_c)
    assert decision.heater_stop_protects == why
    if why:
        assert (decision.heater_on, decision.heater_device_id) == (False, "heater-1")


def test_a_zone_without_a_heater_has_none_to_stop() -> None:
    decision = Site(
        replace(ZONE, heater_device_id=None), replace(SUNNY, telemetry_lost=True)
    ).decide(20.0)
    assert (decision.heater_on, decision.heater_stop_protects) == (None, "")
