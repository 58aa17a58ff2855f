"""What the owner reads of each alert: its title, the numbers behind it, what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from energy.alerts.conditions import AlertCondition, evaluate
from energy.alerts.facts import (
    DeviceFact,
    FailedSwitchFact,
    IdleMinerFact,
    SourceFact,
    StopFact,
    ZoneFact,
)
from energy.alerts.timing import AlertMemory, AlertSeverity
from energy.climate.zones import ZoneWarning, ZoneWarningCode
from energy.safety.dead_man import timer_clause
from tests.fakes.alert_facts import AT, FINE, IDLE, remembering_open


def only(changes: dict[str, Any]) -> AlertCondition:
    """The single alert of a site for which ``changes`` have held for long."""
    memory = AlertMemory()
    conditions: list[AlertCondition] = []
    for seconds in (0, 7_200):
        facts = replace(FINE, at=AT + timedelta(seconds=seconds), **changes)
        conditions, memory = evaluate(facts, memory)
    assert len(conditions) == 1
    return conditions[0]


def zone(code: ZoneWarningCode, sentence: str) -> dict[str, Any]:
    warning = ZoneWarning(code=code, critical=False, sentence=sentence)
    return {"zones": (ZoneFact(id="hot", name="Heat Room", warnings=(warning,)),)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"emergency_stop": StopFact(by="ana", reason="smoke")},
            (
                AlertSeverity.CRITICAL,
                "safety",
                "Emergency stop is latched",
                "Latched by ana: smoke. All loads are off.",
            ),
            id="emergency stop",
        ),
        pytest.param(
            {"soc_pct": 62.0, "raw_voltage_v": 44.9, "battery_power_w": -900.0},
            (
                AlertSeverity.CRITICAL,
                "battery",
                "Battery is at its critical level",
                (
                    "The battery is at 44.90 V (53.20 V at rest), 62 %; critical is 20 % or "
                    "45.00 V. "
                    "It gives 900 W now."
                ),
            ),
            id="critical voltage",
        ),
        pytest.param(
            {"soc_pct": 39.0, "battery_power_w": None},
            (
                AlertSeverity.WARNING,
                "battery",
                "Battery is below 40 %",
                "The battery is at 53.00 V (53.20 V at rest), 39 %.",
            ),
            id="low, power unknown",
        ),
        pytest.param(
            {"battery_power_w": -6_200.0, "rest_voltage_v": None},
            (
                AlertSeverity.WARNING,
                "battery",
                "Battery gives more than 5 000 W",
                "It gives 6 200 W now; the battery is at 53.00 V, 70 %.",
            ),
            id="heavy discharge",
        ),
        pytest.param(
            {"battery_power_w": -6_200.0, "soc_pct": None},
            (
                AlertSeverity.WARNING,
                "battery",
                "Battery gives more than 5 000 W",
                "It gives 6 200 W now; the battery's level is not known.",
            ),
            id="heavy discharge, level unknown",
        ),
        pytest.param(
            {"usable_wh": 8_000.0, "sun_carries_base_load": False},
            (
                AlertSeverity.WARNING,
                "battery",
                "The battery may not last the night",
                (
                    "The battery can give 8.0 kWh and the house will take about 10.0 kWh until the "
                    "sun carries it: 2.0 kWh are missing."
                ),
            ),
            id="night",
        ),
        pytest.param(
            zone(ZoneWarningCode.CHARGING_NOT_BLOCKABLE, "Heat Room is −3.0 °C."),
            (
                AlertSeverity.CRITICAL,
                "battery",
                "Battery must not be charged: it is too cold",
                "Heat Room is −3.0 °C. It takes 800 W now.",
            ),
            id="cold room, charging",
        ),
        pytest.param(
            {
                **zone(ZoneWarningCode.CHARGING_NOT_BLOCKABLE, "Heat Room is −3.0 °C."),
                "battery_power_w": -50.0,
            },
            (
                AlertSeverity.CRITICAL,
                "battery",
                "Battery must not be charged: it is too cold",
                "Heat Room is −3.0 °C.",
            ),
            id="cold room, not charging",
        ),
        pytest.param(
            zone(ZoneWarningCode.NO_SENSOR, "Heat Room has had no temperature for 20 min."),
            (
                AlertSeverity.WARNING,
                "zone",
                "Heat Room has no temperature",
                "Heat Room has had no temperature for 20 min.",
            ),
            id="zone sensor",
        ),
        pytest.param(
            {
                "telemetry_lost": True,
                "voltage_age_s": 2_400.0,
                "voltage_reason": "The battery voltage is 40 min old.",
            },
            (
                AlertSeverity.CRITICAL,
                "telemetry",
                "No battery voltage any more",
                "The battery voltage is 40 min old.",
            ),
            id="telemetry lost",
        ),
        pytest.param(
            {"not_believed": ("The load is suspect: a.", "SolArk is frozen, b.")},
            (
                AlertSeverity.WARNING,
                "telemetry",
                "Some values are not believed",
                "The load is suspect: a. SolArk is frozen, b.",
            ),
            id="values not believed",
        ),
        pytest.param(
            {"grid_present": False},
            (
                AlertSeverity.CRITICAL,
                "grid",
                "The grid is gone",
                (
                    "The site runs on sun and battery; the battery is at 53.00 V (53.20 V at "
                    "rest), "
                    "70 %."
                ),
            ),
            id="grid outage",
        ),
        pytest.param(
            {"sources": (SourceFact(id="v", name="VRM", silent_s=900.0, last_error="HTTP 429"),)},
            (
                AlertSeverity.WARNING,
                "telemetry",
                "VRM is silent",
                "It has not answered for 15 min (HTTP 429).",
            ),
            id="source silent",
        ),
        pytest.param(
            {"devices": (DeviceFact(id="a", name="S19", is_on=True, silent_s=900.0),)},
            (
                AlertSeverity.CRITICAL,
                "device",
                "S19 does not answer",
                "Its switch has not answered for 15 min, it was on then. It cannot be commanded.",
            ),
            id="device silent",
        ),
        pytest.param(
            {"devices": (DeviceFact(id="a", name="S19", silent_s=None),)},
            (
                AlertSeverity.CRITICAL,
                "device",
                "S19 does not answer",
                "Its switch has not answered at all. It cannot be commanded.",
            ),
            id="device never answered",
        ),
        pytest.param(
            {"devices": (DeviceFact(id="a", name="S19", fault="overtemperature"),)},
            (AlertSeverity.CRITICAL, "device", "S19 reports a fault", "It says: overtemperature."),
            id="device fault",
        ),
        pytest.param(
            {"devices": (DeviceFact(id="a", name="S19", is_on=False, power_w=3_000.0),)},
            (
                AlertSeverity.CRITICAL,
                "device",
                "S19 draws power although it is off",
                "Its switch says off and lets 3 000 W through.",
            ),
            id="welded relay",
        ),
        pytest.param(
            {"devices": (DeviceFact(id="s19", name="S19", timer_fault=timer_clause(300.0, None)),)},
            (
                AlertSeverity.WARNING,
                "device",
                "S19 would not switch itself off",
                "Its switch does not keep the auto-off timer: 5 min were asked for and none runs.",
            ),
            id="no dead-man timer",
        ),
        pytest.param(
            {
                "failed_switches": (
                    FailedSwitchFact(
                        load_id="a", load_name="S19", rolled_back=False, result="No answer."
                    ),
                )
            },
            (AlertSeverity.CRITICAL, "action", "S19 is in an unknown state", "No answer."),
            id="failed rollback",
        ),
        pytest.param(
            {
                "failed_switches": (
                    FailedSwitchFact(
                        load_id="a", load_name="S19", rolled_back=True, result="0 W after 3 tries."
                    ),
                )
            },
            (
                AlertSeverity.WARNING,
                "action",
                "S19 did not do what it was told",
                "0 W after 3 tries.",
            ),
            id="rolled back",
        ),
        pytest.param(
            {"pv_power_w": 3_600.0},
            (
                AlertSeverity.WARNING,
                "solar",
                "Less sun power than the sky allows",
                "PV gives 3 600 W, 40 % of the 9 000 W that the sky allows.",
            ),
            id="solar low",
        ),
        pytest.param(
            {"base_load_w": 3_000.0},
            (
                AlertSeverity.WARNING,
                "load",
                "The house takes much more than usual",
                (
                    "The house takes 3 000 W without miners and heaters, 2 200 W more than its "
                    "usual "
                    "800 W."
                ),
            ),
            id="unexpected load",
        ),
        pytest.param(
            {
                "throttled": True,
                "pv_power_w": 4_000.0,
                "idle_miners": (
                    IdleMinerFact(name="S19", power_w=0.0, reason="54.00 V is below 54.50 V."),
                ),
            },
            (
                AlertSeverity.INFO,
                "opportunity",
                "Sun is thrown away while a miner is off",
                (
                    "About 5 000 W of sun cannot be used: the battery is full. S19 is off: "
                    "54.00 V is "
                    "below 54.50 V."
                ),
            ),
            id="opportunity",
        ),
    ],
)
def test_what_the_owner_reads(
    changes: dict[str, Any], expected: tuple[AlertSeverity, str, str, str]
) -> None:
    found = only(changes)
    assert (found.severity, found.category, found.title, found.detail) == expected
    assert found.advice.endswith(".")


@pytest.mark.parametrize(
    ("key", "changes", "detail"),
    [
        pytest.param(
            "night_short",
            {"usable_wh": 11_100.0, "sun_carries_base_load": False},
            "The battery can give 11.1 kWh and the house will take about 10.0 kWh until the sun "
            "carries it: that is enough, with 1.1 kWh to spare.",
            id="night",
        ),
        pytest.param(
            "heavy_discharge",
            {"battery_power_w": 1_200.0},
            "It takes 1 200 W now; the battery is at 53.00 V (53.20 V at rest), 70 %.",
            id="discharge",
        ),
        pytest.param(
            "unexpected_load",
            {"base_load_w": 300.0},
            "The house takes 300 W without miners and heaters; its usual is 800 W.",
            id="load",
        ),
        pytest.param(
            "curtailed_sun",
            {"pv_power_w": 8_800.0, "idle_miners": IDLE},
            "PV gives 8 800 W of the 9 000 W that the sky allows.",
            id="sun",
        ),
    ],
)
def test_an_alert_that_is_about_to_end_says_how_it_is_now(
    key: str, changes: dict[str, Any], detail: str
) -> None:
    (found,), _ = evaluate(replace(FINE, **changes), remembering_open([key]))
    assert (found.key, found.detail) == (key, detail)


def test_a_warning_says_what_it_is_about() -> None:
    relay = SourceFact(id="r", name="Relay", silent_s=9.0, drives_loads=True, caution="x is set")
    memory = remembering_open(["source_caution:r"])
    (found,), _ = evaluate(replace(FINE, sources=(relay,)), memory)
    assert (found.severity, found.category, found.title, found.detail) == (
        AlertSeverity.WARNING,
        "device",
        "Relay warns",
        "It answers, but x is set.",
    )
