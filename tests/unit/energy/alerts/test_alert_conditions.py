"""What becomes an alert, when, and when it ends: time series against each threshold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from energy.alerts.conditions import AlertCondition, evaluate
from energy.alerts.facts import (
    AlertFacts,
    DeviceFact,
    FailedSwitchFact,
    IdleMinerFact,
    SourceFact,
    StopFact,
    ZoneFact,
)
from energy.alerts.timing import AlertMemory, AlertSeverity, WatchMemory
from energy.climate.zones import ZoneWarning, ZoneWarningCode
from energy.site.preferences import Preferences

AT = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
IDLE = (IdleMinerFact(name="S19", power_w=0.0, reason="x"),)

FINE = AlertFacts(
    at=AT,
    preferences=Preferences(),
    raw_voltage_v=53.0,
    rest_voltage_v=53.2,
    voltage_age_s=5.0,
    soc_pct=69.6,
    battery_power_w=800.0,
    battery_temperature_c=20.0,
    pv_power_w=8_000.0,
    sky_allows_w=9_000.0,
    base_load_w=900.0,
    usual_base_load_w=800.0,
    grid_expected=True,
    grid_present=True,
    usable_wh=30_000.0,
    reserve_wh=10_000.0,
    sun_carries_base_load=True,
    sources=(SourceFact(id="vrm", name="VRM", silent_s=30.0),),
    devices=(DeviceFact(id="s19", name="S19", is_on=False, power_w=0.0),),
    zones=(ZoneFact(id="hot", name="Heat Room"),),
)


def remembering_open(keys: Iterable[str]) -> AlertMemory:
    """Only the open alerts are known, as after a restart."""
    return AlertMemory(watches=tuple((key, WatchMemory(active=True)) for key in sorted(set(keys))))


def course(*steps: tuple[float, dict[str, Any]]) -> list[tuple[float, tuple[str, ...]]]:
    """Keys of the alerts after each (seconds since start, changed facts)."""
    memory = AlertMemory()
    seen: list[tuple[float, tuple[str, ...]]] = []
    for seconds, changes in steps:
        facts = replace(FINE, at=AT + timedelta(seconds=seconds), **changes)
        conditions, memory = evaluate(facts, memory)
        seen.append((seconds, tuple(condition.key for condition in conditions)))
    return seen


def only(changes: dict[str, Any]) -> AlertCondition:
    """The single alert of a site for which ``changes`` have held for long."""
    memory = AlertMemory()
    conditions: list[AlertCondition] = []
    for seconds in (0, 7_200):
        facts = replace(FINE, at=AT + timedelta(seconds=seconds), **changes)
        conditions, memory = evaluate(facts, memory)
    assert len(conditions) == 1
    return conditions[0]


def test_a_site_that_is_fine_has_no_alerts() -> None:
    assert evaluate(FINE, AlertMemory()) == ([], AlertMemory())


def test_a_site_of_which_nothing_is_known_has_lost_its_telemetry_after_half_an_hour() -> None:
    nothing = AlertFacts(
        at=AT,
        preferences=Preferences(),
        telemetry_lost=True,
        voltage_reason="There is no battery voltage at all.",
    )
    conditions, memory = evaluate(nothing, AlertMemory())
    assert conditions == []
    later = replace(nothing, at=AT + timedelta(seconds=1_800))
    conditions, _ = evaluate(later, memory)
    assert [(c.key, c.detail) for c in conditions] == [
        ("telemetry_lost", "There is no battery voltage at all.")
    ]


def cautious(caution: str | None) -> SourceFact:
    return SourceFact(id="vrm", name="VRM", silent_s=30.0, caution=caution)


@pytest.mark.parametrize(
    ("key", "steps"),
    [
        pytest.param(
            "battery_critical",
            [
                (0, {"soc_pct": 20.1, "rest_voltage_v": 48.0}, False),
                (60, {"raw_voltage_v": 45.0, "soc_pct": 30.0}, True),
                (120, {"raw_voltage_v": 45.4, "soc_pct": 30.0}, True),
                (180, {"raw_voltage_v": 45.5, "soc_pct": 23.0}, True),
                (240, {"raw_voltage_v": None, "rest_voltage_v": None, "soc_pct": None}, True),
                (300, {"raw_voltage_v": 45.5, "soc_pct": 23.0}, True),
                (599, {"raw_voltage_v": 45.5, "soc_pct": 23.0}, True),
                (600, {"raw_voltage_v": 45.5, "soc_pct": 23.0}, False),
                (660, {"soc_pct": 20.0}, True),
            ],
            id="critical: at once by either, over after 5 min with margin on both",
        ),
        pytest.param(
            "battery_low",
            [
                (0, {"soc_pct": 39.9}, False),
                (299, {"soc_pct": 39.9}, False),
                (300, {"soc_pct": 39.9}, True),
                (360, {"soc_pct": 42.9}, True),
                (420, {"soc_pct": 43.0}, True),
                (719, {"soc_pct": 43.0}, True),
                (720, {"soc_pct": 43.0}, False),
            ],
            id="low: after 5 min",
        ),
        pytest.param(
            "battery_low",
            [
                (0, {"soc_pct": 39.9}, False),
                (200, {"soc_pct": 40.0}, False),
                (300, {"soc_pct": 39.9}, False),
                (599, {"soc_pct": 39.9}, False),
                (600, {"soc_pct": 39.9}, True),
            ],
            id="low: an interruption starts the delay again",
        ),
        pytest.param(
            "heavy_discharge",
            [
                (0, {"battery_power_w": -5_000.0}, False),
                (60, {"battery_power_w": -5_001.0}, False),
                (359, {"battery_power_w": -5_001.0}, False),
                (360, {"battery_power_w": -5_001.0}, True),
                (420, {"battery_power_w": -4_500.0}, True),
                (480, {"battery_power_w": -4_499.0}, True),
                (539, {"battery_power_w": -4_499.0}, True),
                (540, {"battery_power_w": -4_499.0}, False),
                (600, {"battery_power_w": None}, False),
            ],
            id="discharge over 5 kW for 5 min",
        ),
        pytest.param(
            "solar_low",
            [
                (0, {"pv_power_w": 5_399.0}, False),
                (3_599, {"pv_power_w": 5_399.0}, False),
                (3_600, {"pv_power_w": 5_399.0}, True),
                (3_700, {"pv_power_w": 6_299.0}, True),
                (3_760, {"pv_power_w": 6_300.0}, True),
                (4_360, {"pv_power_w": 6_300.0}, False),
            ],
            id="solar under 60 % for an hour",
        ),
        pytest.param(
            "solar_low",
            [
                (0, {"pv_power_w": 3_000.0, "throttled": True}, False),
                (3_600, {"pv_power_w": 3_000.0, "throttled": True}, False),
                (3_660, {"pv_power_w": 100.0, "sky_allows_w": 999.0}, False),
                (7_300, {"pv_power_w": 100.0, "sky_allows_w": 999.0}, False),
                (7_360, {"pv_power_w": None}, False),
            ],
            id="throttled sun, dusk and no reading are no anomaly",
        ),
        pytest.param(
            "unexpected_load",
            [
                (0, {"base_load_w": 2_299.0}, False),
                (60, {"base_load_w": 2_300.0}, False),
                (660, {"base_load_w": 2_300.0}, True),
                (720, {"base_load_w": 1_800.0}, True),
                (780, {"base_load_w": 1_799.0}, True),
                (1_080, {"base_load_w": 1_799.0}, False),
                (1_140, {"base_load_w": None}, False),
            ],
            id="unexpected load for 10 min",
        ),
        pytest.param(
            "night_short",
            [
                (0, {"usable_wh": 9_999.0, "sun_carries_base_load": False}, False),
                (900, {"usable_wh": 9_999.0, "sun_carries_base_load": False}, True),
                (960, {"usable_wh": 10_400.0, "sun_carries_base_load": False}, True),
                (1_020, {"usable_wh": 9_000.0, "sun_carries_base_load": True}, True),
                (1_920, {"usable_wh": 9_000.0, "sun_carries_base_load": True}, False),
                (1_980, {"usable_wh": None}, False),
            ],
            id="the night won't last",
        ),
        pytest.param(
            "night_short",
            [
                (s, {"usable_wh": usable_wh, "sun_carries_base_load": False}, told)
                for s, usable_wh, told in (
                    (0, 9_000.0, False),
                    (900, 9_000.0, True),
                    (1_800, 10_300.0, True),
                    (2_400, 9_999.0, True),
                    (3_000, 10_000.0, True),
                    (3_899, 10_300.0, True),
                    (3_900, 10_300.0, False),
                    (9_000, 10_300.0, False),
                )
            ],
            id="nothing is missing any more for 15 min, by however little",
        ),
        pytest.param(
            "grid_outage",
            [
                (0, {"grid_present": False}, False),
                (60, {"grid_present": False}, True),
                (120, {"grid_present": True}, True),
                (420, {"grid_present": True}, False),
                (480, {"grid_present": None}, False),
            ],
            id="grid outage",
        ),
        pytest.param(
            "telemetry_lost",
            [
                (0, {"voltage_age_s": 1_800.0}, False),
                (60, {"voltage_age_s": 1_801.0, "telemetry_lost": True}, True),
                (120, {"voltage_age_s": 3.0}, False),
            ],
            id="telemetry over 30 min",
        ),
        pytest.param(
            "charging_cold",
            [
                (0, {"battery_temperature_c": -0.1, "battery_power_w": 100.0}, False),
                (60, {"battery_temperature_c": -0.1, "battery_power_w": 101.0}, True),
                (120, {"battery_temperature_c": 1.9, "battery_power_w": 101.0}, True),
                (180, {"battery_temperature_c": 2.0, "battery_power_w": 101.0}, True),
                (240, {"battery_temperature_c": 2.0, "battery_power_w": 101.0}, False),
                (300, {"battery_temperature_c": None}, False),
            ],
            id="charging below freezing",
        ),
        pytest.param(
            "source_silent:vrm",
            [
                (0, {"sources": (SourceFact(id="vrm", name="VRM", silent_s=600.0),)}, False),
                (60, {"sources": (SourceFact(id="vrm", name="VRM", silent_s=601.0),)}, True),
                (120, {"sources": (SourceFact(id="vrm", name="VRM", silent_s=1.0),)}, False),
            ],
            id="source silent over 10 min",
        ),
        pytest.param(
            "source_caution:vrm",
            [
                (0, {"sources": (cautious("auto-on is set"),)}, False),
                (599, {"sources": (cautious("auto-on is set"),)}, False),
                (600, {"sources": (cautious("auto-on is set"),)}, True),
                (660, {"sources": (cautious(None),)}, True),
                (720, {"sources": (cautious(None),)}, False),
            ],
            id="a source warns for 10 min",
        ),
        pytest.param(
            "source_silent:vrm",
            [
                (0, {"sources": (SourceFact(id="vrm", name="VRM", silent_s=None),)}, False),
                (599, {"sources": (SourceFact(id="vrm", name="VRM", silent_s=None),)}, False),
                (600, {"sources": (SourceFact(id="vrm", name="VRM", silent_s=None),)}, True),
                (660, {"sources": ()}, False),
            ],
            id="a source that never answered; removed, its alert ends",
        ),
        pytest.param(
            "device_silent:s19",
            [
                (0, {"devices": (DeviceFact(id="s19", name="S19", silent_s=600.0),)}, False),
                (60, {"devices": (DeviceFact(id="s19", name="S19", silent_s=601.0),)}, True),
            ],
            id="device not answering",
        ),
        pytest.param(
            "device_leaks:s19",
            [
                (s, {"devices": (DeviceFact(id="s19", name="S19", is_on=on, power_w=w),)}, leaks)
                for s, on, w, leaks in (
                    (0, False, 100.0, False),
                    (60, False, 101.0, False),
                    (360, False, 101.0, True),
                    (420, True, 3_000.0, True),
                    (480, True, 3_000.0, False),
                )
            ],
            id="a welded relay",
        ),
        pytest.param(
            "curtailed_sun",
            [
                (s, {"throttled": True, "pv_power_w": pv, "idle_miners": idle}, told)
                for s, pv, idle, told in (
                    (0, 8_001.0, IDLE, False),
                    (60, 8_000.0, (), False),
                    (120, 8_000.0, IDLE, False),
                    (1_020, 8_000.0, IDLE, True),
                    (1_080, 8_000.0, (), True),
                    (1_680, 8_000.0, (), False),
                )
            ],
            id="curtailed sun while a miner is off",
        ),
        pytest.param(
            "zone_cold:hot",
            [
                (
                    s,
                    {
                        "zones": (
                            ZoneFact(
                                id="hot",
                                name="Heat Room",
                                warnings=(
                                    ZoneWarning(
                                        code=ZoneWarningCode.COLD_NOT_HEATED,
                                        critical=False,
                                        sentence="cold.",
                                    ),
                                )
                                if cold
                                else (),
                            ),
                        )
                    },
                    told,
                )
                for s, cold, told in (
                    (0, True, False),
                    (600, True, True),
                    (660, False, True),
                    (1_260, False, False),
                )
            ],
            id="cold and not heated for 10 min",
        ),
    ],
)
def test_time_series(key: str, steps: list[tuple[float, dict[str, Any], bool]]) -> None:
    seen = course(*((seconds, changes) for seconds, changes, _ in steps))
    assert [(seconds, key in keys) for seconds, keys in seen] == [
        (seconds, told) for seconds, _, told in steps
    ]


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
                "Its switch is off and lets 3 000 W through.",
            ),
            id="welded relay",
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


def test_the_source_of_switches_is_reported_by_its_switches() -> None:
    relay = SourceFact(id="r", name="Relay", silent_s=9_999.0, drives_loads=True)
    conditions, _ = evaluate(replace(FINE, sources=(relay,)), AlertMemory())
    assert conditions == []


def test_a_slow_source_is_given_two_of_its_intervals() -> None:
    slow = SourceFact(id="w", name="Weather", silent_s=7_000.0, interval_s=3_600.0)
    assert evaluate(replace(FINE, sources=(slow,)), AlertMemory())[0] == []


def test_without_a_grid_there_is_no_outage() -> None:
    conditions, _ = evaluate(
        replace(FINE, grid_expected=False, grid_present=False), remembering_open(["grid_outage"])
    )
    assert conditions == []


def test_the_worst_comes_first() -> None:
    silent = SourceFact(id="v", name="V", silent_s=900.0)
    facts = replace(FINE, telemetry_lost=True, sources=(silent,))
    conditions, _ = evaluate(facts, AlertMemory())
    assert [c.key for c in conditions] == ["telemetry_lost", "source_silent:v"]
    assert {c.since for c in conditions} == {AT}


def test_after_a_restart_an_open_alert_goes_on_within_its_margin() -> None:
    facts = replace(FINE, soc_pct=41.0)
    conditions, memory = evaluate(facts, remembering_open(["battery_low", "battery_low"]))
    assert [(c.key, c.since) for c in conditions] == [("battery_low", AT)]
    assert memory == AlertMemory(watches=(("battery_low", WatchMemory(active=True)),))


def test_a_clock_that_jumps_back_delays_no_alert_for_ever() -> None:
    low = replace(FINE, soc_pct=30.0)
    _, memory = evaluate(replace(low, at=AT + timedelta(hours=5)), AlertMemory())
    _, memory = evaluate(low, memory)
    conditions, _ = evaluate(replace(low, at=AT + timedelta(seconds=300)), memory)
    assert [c.key for c in conditions] == ["battery_low"]
