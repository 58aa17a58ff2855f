"""The exhaust fan over time: hysteresis, its speed, and the relay that has none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from energy.climate.thermostat import fan_speed
from energy.climate.zones import ZoneDecision, ZoneReason
from energy.site.loads import Zone
from tests.fakes.sites.heated_zone import ON_A_RELAY, ZONE, Site


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
