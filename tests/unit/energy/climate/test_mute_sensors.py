"""Sensors that fall silent, grow old or never spoke: waited for, then the fan runs."""

from __future__ import annotations

import math
from dataclasses import replace

from energy.climate.zones import ZoneDecision, ZoneReason, ZoneWarning, ZoneWarningCode
from energy.site.loads import HeatSource
from tests.fakes.sites.heated_zone import ON, SUNNY, ZONE, Site


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


def test_a_clock_that_jumps_back_does_not_make_a_sensor_mute() -> None:
    site = Site()
    site.decide(20.0, after_s=7_200)
    assert site.decide(None, after_s=0).reason is ZoneReason.WAITING_FOR_SENSOR
    assert site.decide(None, after_s=900).reason is ZoneReason.NO_SENSOR
