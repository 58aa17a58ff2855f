"""What becomes an alert, when, and when it ends: time series against each threshold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from energy.alerts.conditions import evaluate
from energy.alerts.facts import (
    AlertFacts,
    DeviceFact,
    SourceFact,
    ZoneFact,
)
from energy.alerts.timing import AlertMemory, WatchMemory
from energy.climate.zones import ZoneWarning, ZoneWarningCode
from energy.site.preferences import Preferences
from tests.fakes.alert_facts import AT, FINE, IDLE, remembering_open


def course(*steps: tuple[float, dict[str, Any]]) -> list[tuple[float, tuple[str, ...]]]:
    """Keys of the alerts after each (seconds since start, changed facts)."""
    memory = AlertMemory()
    seen: list[tuple[float, tuple[str, ...]]] = []
    for seconds, changes in steps:
        facts = replace(FINE, at=AT + timedelta(seconds=seconds), **changes)
        conditions, memory = evaluate(facts, memory)
        seen.append((seconds, tuple(condition.key for condition in conditions)))
    return seen


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
