"""Heating over time: where the heat comes from, why there is none, what the battery forbids."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from energy.climate.heating import HvacHints
from energy.climate.zones import ZoneReason, ZoneWarning, ZoneWarningCode
from energy.site.loads import HeatSource, Zone
from energy.site.miners import ControlMethod
from tests.fakes.sites.heated_zone import MINER, OFF, ON, SPARE, SUNNY, ZONE, Site


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


YEAR_S = 365 * 86_400.0


def test_the_patience_with_a_miner_counts_from_now_once_the_clock_was_set_back() -> None:
    """It was asked in a year that was wrong: the heater does not wait for that year."""
    site = Site()
    site.decide(-1.0, after_s=YEAR_S)
    seen = [site.decide(-1.0, after_s=after_s).heat_source for after_s in (0.0, 599.0, 600.0)]
    assert seen == [HeatSource.MINER, HeatSource.MINER, HeatSource.HEATER]
