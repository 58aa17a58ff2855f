"""Every ordering and range of the settings, one row per rule and side."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preference_rules import miner_violations, preference_violations, zone_violations
from energy.site.preferences import Preferences

MINER = MinerProfile(
    id="m",
    name="S21+",
    power_draw_watts=3_878,
    start_voltage=50.0,
    stop_voltage=47.0,
    emergency_stop_voltage=45.0,
)
ZONE = Zone(
    id="z",
    name="Heat Room",
    temp_too_hot=40,
    temp_hot_ok=35,
    temp_cold_ok=5,
    temp_too_cold=0,
)


def test_the_defaults_keep_every_rule() -> None:
    assert preference_violations(Preferences()) == []
    assert preference_violations(Preferences(voltage_curve=None)) == []
    assert miner_violations(MINER) == []
    assert zone_violations(ZONE) == []
    assert zone_violations(Zone(id="z", name="Shed")) == []


RULE = (
    "(order: shutdown < critical_low ≤ low < restart ≤ optimal_min < optimal_max ≤ float < "
    "absorption ≤ full ≤ absolute max)"
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"voltage_shutdown": 45.0}, ("voltage_shutdown 45 must be below voltage_critical_low 45")),
        (
            {"voltage_critical_low": 47.1},
            "voltage_critical_low 47.1 must be at or below voltage_low 47",
        ),
        ({"voltage_low": 50.0}, "voltage_low 50 must be below voltage_restart 50"),
        (
            {"voltage_restart": 50.1},
            "voltage_restart 50.1 must be at or below voltage_optimal_min 50",
        ),
        (
            {"voltage_optimal_min": 54.5},
            "voltage_optimal_min 54.5 must be below voltage_optimal_max 54.5",
        ),
        (
            {"voltage_optimal_max": 55.1},
            "voltage_optimal_max 55.1 must be at or below voltage_float 55",
        ),
        ({"voltage_float": 57.6}, "voltage_float 57.6 must be below voltage_absorption 57.6"),
        (
            {"voltage_absorption": 58.1},
            "voltage_absorption 58.1 must be at or below voltage_full 58",
        ),
        (
            {"voltage_full": 58.9},
            "voltage_full 58.9 must be at or below battery_absolute_max 58.8",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_the_order_of_the_thresholds(changes: dict[str, float], expected: str) -> None:
    value = replace(Preferences(), **changes)  # type: ignore[arg-type]  # rows of one type each
    assert preference_violations(value) == [(next(iter(changes)), f"{expected} {RULE}")]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"voltage_critical_low": 47.0}, id="critical_low = low"),
        pytest.param({"voltage_optimal_max": 55.0}, id="optimal_max = float"),
        pytest.param({"voltage_absorption": 58.0}, id="absorption = full"),
        pytest.param({"voltage_full": 58.8}, id="full = absolute max"),
        pytest.param({"quiet_hours_start": 22, "quiet_hours_end": 7}, id="quiet hours"),
        pytest.param({"dead_man_minutes": 30.0}, id="longest timer"),
        pytest.param({"dark_day_reserve_wh": 0.0}, id="no dark day"),
        pytest.param({"notify_phone": "+14155550123", "notify_email": "a@b.ch"}, id="targets"),
        pytest.param({"notify_urls": ("json://host/x",)}, id="a webhook"),
    ],
)
def test_what_is_just_allowed(changes: dict[str, Any]) -> None:
    assert preference_violations(replace(Preferences(), **changes)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"battery_capacity_wh": 0.0},
            ("battery_capacity_wh", "battery_capacity_wh must be 1 to 100000000, got 0"),
            id="capacity",
        ),
        pytest.param(
            {"max_grid_import_w": -1.0},
            ("max_grid_import_w", "max_grid_import_w must be 0 to 10000000, got -1"),
            id="negative import",
        ),
        pytest.param(
            {"dead_man_minutes": 31.0},
            ("dead_man_minutes", "dead_man_minutes must be 1 to 30, got 31"),
            id="timer too long",
        ),
        pytest.param(
            {"soc_target_pct": 101.0},
            ("soc_target_pct", "soc_target_pct must be 0 to 100, got 101"),
            id="percentage",
        ),
        pytest.param(
            {"soc_critical_pct": 41.0},
            (
                "soc_critical_pct",
                "soc_critical_pct 41 must be at or below soc_warning_pct 40",
            ),
            id="critical above warning",
        ),
        pytest.param(
            {"voltage_at_0_percent": 56.0},
            (
                "voltage_at_0_percent",
                "voltage_at_0_percent 56 must be below voltage_at_100_percent 56",
            ),
            id="empty is not below full",
        ),
        pytest.param(
            {"quiet_hours_start": 22},
            (
                "quiet_hours_end",
                "quiet_hours_start and quiet_hours_end go together: give both or neither",
            ),
            id="half a span",
        ),
        pytest.param(
            {"units": "cgs"},
            ("units", "units must be one of metric, imperial, got 'cgs'"),
            id="units",
        ),
        pytest.param(
            {"timezone": "Mars/Olympus"},
            ("timezone", "timezone 'Mars/Olympus' is unknown; e.g. Europe/Zurich"),
            id="timezone",
        ),
        pytest.param(
            {"timezone": "../etc"},
            ("timezone", "timezone '../etc' is unknown; e.g. Europe/Zurich"),
            id="timezone that is a path",
        ),
        pytest.param(
            {"latitude": 90.1}, ("latitude", "latitude must be -90 to 90, got 90.1"), id="latitude"
        ),
        pytest.param(
            {"notify_email": "ana"},
            ("notify_email", "notify_email must be an address such as ana@example.org"),
            id="e-mail",
        ),
        pytest.param(
            {"notify_phone": "4155550123"},
            (
                "notify_phone",
                "notify_phone must be in international form such as +14155550123",
            ),
            id="phone",
        ),
        pytest.param(
            {"notify_urls": ("json://ok/x", "nonsense")},
            ("notify_urls[1]", "notify_urls must be an address such as json://host/path"),
            id="second webhook",
        ),
        pytest.param(
            {"sun_to_come_trust": 1.1},
            ("sun_to_come_trust", "sun_to_come_trust must be 0 to 1, got 1.1"),
            id="trust",
        ),
        pytest.param(
            {"dark_day_reserve_wh": 48_001.0},
            ("dark_day_reserve_wh", "dark_day_reserve_wh must be 0 to 48000, got 48001"),
            id="more than the battery",
        ),
        pytest.param(
            {"balanced_stop_band_pct": 16.0},
            (
                "balanced_stop_band_pct",
                "balanced_stop_band_pct 16 must be below balanced_start_band_pct 16",
            ),
            id="stops where it starts",
        ),
        pytest.param(
            {"aggressive_stop_step_pct": 50.0},
            (
                "aggressive_stop_step_pct",
                "aggressive_stop_step_pct 50 must be at or below aggressive_start_step_pct 8",
            ),
            id="stops overtake starts",
        ),
        pytest.param(
            {"sun_stop_soc_pct": 61.0},
            ("sun_stop_soc_pct", "sun_stop_soc_pct 61 must be at or below sun_lend_soc_pct 50"),
            id="stops on sun above where the battery lends",
        ),
        pytest.param(
            {"sun_lend_soc_pct": 61.0},
            ("sun_lend_soc_pct", "sun_lend_soc_pct 61 must be at or below sun_start_soc_pct 60"),
            id="lends above where the sun starts",
        ),
        pytest.param(
            {"voltage_low": math.nan},
            ("voltage_low", "voltage_low must be a number, got nan"),
            id="no number",
        ),
    ],
)
def test_each_range(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert preference_violations(replace(Preferences(), **changes)) == [expected]


@pytest.mark.parametrize(
    "name",
    [
        "battery_nominal_v",
        "battery_absolute_max",
        "battery_capacity_wh",
        "voltage_at_100_percent",
        "max_grid_import_w",
        "battery_discharge_allowance_w",
        "max_battery_discharge_w",
        "budget_tolerance_w",
        "assumed_base_load_w",
        "manual_hold_minutes",
        "failsafe_after_s",
        "failsafe_after_local_s",
    ],
)
@pytest.mark.parametrize("number", [1e20, 1e308])
def test_nothing_is_large_enough_to_switch_a_protection_off(name: str, number: float) -> None:
    """A hold of 1e20 min is beyond the calendar: it ended every control cycle in an error."""
    violations = preference_violations(replace(Preferences(), **{name: number}))  # type: ignore[arg-type]  # rows of one type
    assert [path for path, _ in violations] == [name]


@pytest.mark.parametrize("name", ["battery_absolute_min", "voltage_shutdown"])
def test_no_voltage_is_below_zero(name: str) -> None:
    violations = preference_violations(replace(Preferences(), **{name: -1e308}))  # type: ignore[arg-type]  # rows of one type
    assert [path for path, _ in violations] == [name]


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        pytest.param(
            ((45.0, 0.0),),
            [("voltage_curve", "voltage_curve must have 2 to 50 points, has 1")],
            id="one point",
        ),
        pytest.param(
            tuple((45 + i / 10, i / 50 * 100) for i in range(51)),
            [("voltage_curve", "voltage_curve must have 2 to 50 points, has 51")],
            id="too many",
        ),
        pytest.param(
            ((45.0, 0.0), (math.inf, 100.0)),
            [("voltage_curve", "voltage_curve must consist of numbers")],
            id="infinite",
        ),
        pytest.param(
            ((-1.0, 0.0), (1e308, 100.0)),
            [
                ("voltage_curve[0]", "voltage must be 0 to 1000, got -1"),
                ("voltage_curve[1]", "voltage must be 0 to 1000, got 1e+308"),
            ],
            id="no battery's voltages",
        ),
        pytest.param(
            ((45.0, 1.0), (45.0, 50.0), (50.0, 50.0), (56.0, 99.0)),
            [
                (
                    "voltage_curve[1]",
                    "voltage 45 must be above the point before it (45): both columns increase",
                ),
                (
                    "voltage_curve[2]",
                    "percentage 50 must be above the point before it (50): both columns increase",
                ),
                ("voltage_curve[0]", "the first point must be 0 %, is 1 %"),
                ("voltage_curve[-1]", "the last point must be 100 %, is 99 %"),
            ],
            id="every problem at once",
        ),
    ],
)
def test_the_curve(curve: tuple[tuple[float, float], ...], expected: list[tuple[str, str]]) -> None:
    assert preference_violations(Preferences(voltage_curve=curve)) == expected


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        pytest.param({"name": "  "}, ["name"], id="no name"),
        pytest.param({"power_draw_watts": 0.0}, ["power_draw_watts"], id="no power"),
        pytest.param({"stop_voltage": 45.0}, ["emergency_stop_voltage"], id="emergency = stop"),
        pytest.param({"start_voltage": 47.0}, ["stop_voltage"], id="stop = start"),
        pytest.param({"priority_level": 0}, ["priority_level"], id="priority 0"),
        pytest.param({"priority_level": 11}, ["priority_level"], id="priority 11"),
        pytest.param(
            {"prefer_time_start": 24, "prefer_time_end": 3}, ["prefer_time_start"], id="24"
        ),
        pytest.param({"prefer_time_start": 3}, ["prefer_time_end"], id="half a window"),
        pytest.param({"minimum_off_minutes": -1.0}, ["minimum_off_minutes"], id="negative time"),
        pytest.param({"maximum_runtime_hours": 26.0}, ["maximum_runtime_hours"], id="26 h a day"),
        pytest.param({"start_voltage": math.inf}, ["start_voltage"], id="infinite"),
        *(
            pytest.param({name: 1e20}, [name], id=f"{name} beyond any calendar or plant")
            for name in (
                "hashrate_ths",
                "power_draw_watts",
                "start_voltage",
                "start_hysteresis_minutes",
                "stop_hysteresis_minutes",
                "minimum_on_minutes",
                "minimum_off_minutes",
                "minimum_excess_watts",
                "minimum_solar_production_watts",
            )
        ),
        pytest.param({"name": "S19\r\nBcc: x@example.org"}, ["name"], id="a name of two lines"),
        pytest.param({"name": "\u202eevil"}, ["name"], id="a name that turns what follows"),
        pytest.param({"name": "x" * 101}, ["name"], id="a name like a novel"),
        pytest.param({"name": "כורה ⛏️ “S19” <b>"}, [], id="any script, quotes, emoji"),
    ],
)
def test_miners(changes: dict[str, Any], paths: list[str]) -> None:
    assert [path for path, _ in miner_violations(replace(MINER, **changes))] == paths


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        pytest.param({"name": ""}, ["name"], id="no name"),
        pytest.param({"temp_cold_ok": 0.0}, ["temp_too_cold"], id="cold_ok = too_cold"),
        pytest.param({"temp_hot_ok": 5.0}, ["temp_cold_ok"], id="hot_ok = cold_ok"),
        pytest.param({"temp_too_hot": 35.0}, ["temp_hot_ok"], id="too_hot = hot_ok"),
        pytest.param(
            {"temp_hot_ok": None, "temp_cold_ok": 41.0}, ["temp_cold_ok"], id="across a gap"
        ),
        pytest.param({"exhaust_fan_max_speed": 11}, ["exhaust_fan_max_speed"], id="speed 11"),
        pytest.param(
            {"minimum_solar_for_heating_watts": -1.0},
            ["minimum_solar_for_heating_watts"],
            id="negative sun",
        ),
        pytest.param({"temp_too_hot": math.nan}, ["temp_too_hot"], id="no number"),
        pytest.param({"temp_too_hot": 1e20}, ["temp_too_hot"], id="never too hot"),
        pytest.param({"temp_too_cold": -1e20}, ["temp_too_cold"], id="never too cold"),
        pytest.param(
            {"block_charging_below_temp": 1e20}, ["block_charging_below_temp"], id="never charged"
        ),
    ],
)
def test_zones(changes: dict[str, Any], paths: list[str]) -> None:
    assert [path for path, _ in zone_violations(replace(ZONE, **changes))] == paths
