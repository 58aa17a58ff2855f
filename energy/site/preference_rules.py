"""Rules for settings: every rule that a value breaks, with its field and numbers."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences

Violation = tuple[str, str]
"""(path of the field, message)."""

_THRESHOLDS = (
    ("voltage_shutdown", "<"),
    ("voltage_critical_low", "≤"),
    ("voltage_low", "<"),
    ("voltage_restart", "≤"),
    ("voltage_optimal_min", "<"),
    ("voltage_optimal_max", "≤"),
    ("voltage_float", "<"),
    ("voltage_absorption", "≤"),
    ("voltage_full", "≤"),
    ("battery_absolute_max", ""),
)
"""Each threshold with its relation to the next one."""

_THRESHOLD_RULE = (
    "shutdown < critical_low ≤ low < restart ≤ optimal_min < optimal_max ≤ float < absorption "
    "≤ full ≤ absolute max"
)
_MOST_V, _MOST_W, _MOST_WH = 1_000.0, 1e7, 1e8
"""Upper bounds that no such site reaches. A larger value is a typing error, and a limit that large
would disable the protection that compares with it.
"""

_DAY_MINUTES = 1_440.0
_RANGES: tuple[tuple[str, float, float], ...] = (
    ("voltage_at_0_percent", 0, _MOST_V),
    ("voltage_at_100_percent", 0, _MOST_V),
    ("battery_nominal_v", 1, _MOST_V),
    ("battery_absolute_min", 0, _MOST_V),
    ("battery_absolute_max", 0, _MOST_V),
    ("battery_capacity_wh", 1, _MOST_WH),
    ("voltage_shutdown", 0, _MOST_V),
    ("max_grid_import_w", 0, _MOST_W),
    ("battery_discharge_allowance_w", 0, _MOST_W),
    ("max_battery_discharge_w", 0, _MOST_W),
    ("budget_tolerance_w", 0, _MOST_W),
    ("assumed_base_load_w", 0, _MOST_W),
    ("manual_hold_minutes", 0, 7 * _DAY_MINUTES),
    ("stale_after_s", 1, 3_600),
    ("stale_after_local_s", 1, 3_600),
    ("failsafe_after_s", 1, 7_200),
    ("failsafe_after_local_s", 1, 7_200),
    ("soc_critical_pct", 0, 100),
    ("soc_minimum_pct", 0, 100),
    ("soc_warning_pct", 0, 100),
    ("soc_pause_miners_pct", 0, 100),
    ("soc_resume_miners_pct", 0, 100),
    ("soc_target_pct", 0, 100),
    ("solar_priority_start", 0, 23),
    ("solar_priority_end", 0, 23),
    ("quiet_hours_start", 0, 23),
    ("quiet_hours_end", 0, 23),
    ("max_starts_per_cycle", 1, 100),
    ("dead_man_minutes", 1, 30),
    ("approval_minutes", 1, 1_440),
    ("budget_delay_minutes", 0, 60),
    ("night_margin", 1, 2),
    ("sun_to_come_trust", 0, 1),
    ("unknown_night_hours", 0, 24),
    ("overcast_sun_pct", 0, 100),
    ("reserve_ceiling_pct", 50, 100),
    ("balanced_stop_band_pct", 0, 50),
    ("balanced_stop_step_pct", 0, 50),
    ("balanced_start_band_pct", 0, 90),
    ("balanced_start_step_pct", 0, 50),
    ("aggressive_stop_band_pct", -50, 50),
    ("aggressive_stop_step_pct", 0, 50),
    ("aggressive_start_band_pct", -50, 90),
    ("aggressive_start_step_pct", 0, 50),
    ("sun_stop_soc_pct", 0, 100),
    ("sun_start_soc_pct", 0, 100),
    ("sun_start_step_pct", 0, 50),
    ("sun_lend_soc_pct", 0, 100),
    ("sun_delay_minutes", 0, 60),
    ("latitude", -90, 90),
    ("longitude", -180, 180),
)
_CHOICES = {
    "units": ("metric", "imperial"),
    "temperature_unit": ("auto", "c", "f"),
    "power_unit": ("w", "kw"),
    "require_confirmation": ("always", "sometimes", "never"),
}
_MINER_RANGES: tuple[tuple[str, float, float], ...] = (
    ("hashrate_ths", 0, 1e6),
    ("power_draw_watts", 1, _MOST_W),
    ("emergency_stop_voltage", 1, _MOST_V),
    ("start_voltage", 1, _MOST_V),
    ("priority_level", 1, 10),
    ("start_hysteresis_minutes", 0, _DAY_MINUTES),
    ("stop_hysteresis_minutes", 0, 60),
    ("minimum_on_minutes", 0, _DAY_MINUTES),
    ("minimum_off_minutes", 0, _DAY_MINUTES),
    ("minimum_excess_watts", 0, _MOST_W),
    ("minimum_solar_production_watts", 0, _MOST_W),
    ("maximum_runtime_hours", 0, 25),
    ("prefer_time_start", 0, 23),
    ("prefer_time_end", 0, 23),
)
_ZONE_RANGES: tuple[tuple[str, float, float], ...] = (
    ("temp_too_hot", -60, 150),
    ("temp_hot_ok", -60, 150),
    ("temp_cold_ok", -60, 150),
    ("temp_too_cold", -60, 150),
    ("block_charging_below_temp", -60, 60),
    ("exhaust_fan_max_speed", 1, 10),
    ("minimum_solar_for_heating_watts", 0, _MOST_W),
)
_CURVE_POINTS = (2, 50)
_LONGEST_NAME = 100
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's bidirectional controls: they change the writing direction of the text after them."""
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


def preference_violations(value: Preferences) -> list[Violation]:
    """Every rule that these preferences break; empty when they are fine."""
    violations = _not_finite(value)
    if violations:
        return violations
    violations += _ascending(value, _THRESHOLDS, _THRESHOLD_RULE)
    violations += _pair(value, "battery_absolute_min", "<", "battery_absolute_max")
    violations += _pair(value, "voltage_at_0_percent", "<", "voltage_at_100_percent")
    violations += _pair(value, "soc_critical_pct", "≤", "soc_warning_pct")
    violations += _pair(value, "soc_pause_miners_pct", "≤", "soc_resume_miners_pct")
    violations += _pair(value, "stale_after_s", "≤", "failsafe_after_s")
    violations += _pair(value, "stale_after_local_s", "≤", "failsafe_after_local_s")
    for mode in ("balanced", "aggressive"):
        violations += _pair(value, f"{mode}_stop_band_pct", "<", f"{mode}_start_band_pct")
        violations += _pair(value, f"{mode}_stop_step_pct", "≤", f"{mode}_start_step_pct")
    violations += _pair(value, "sun_stop_soc_pct", "≤", "sun_lend_soc_pct")
    violations += _pair(value, "sun_lend_soc_pct", "≤", "sun_start_soc_pct")
    violations += _curve(value.voltage_curve)
    if value.dark_day_reserve_wh is not None:
        violations += _in_range(value, (("dark_day_reserve_wh", 0, value.battery_capacity_wh),))
    violations += _in_range(value, _RANGES)
    violations += _both_or_none(value, "quiet_hours_start", "quiet_hours_end")
    return violations + _choices(value) + _place(value) + _targets(value)


def miner_violations(value: MinerProfile) -> list[Violation]:
    """Every rule that this miner profile breaks; empty when it is fine."""
    violations = _not_finite(value)
    if violations:
        return violations
    violations += _named(value.name)
    violations += _ascending(
        value,
        (("emergency_stop_voltage", "<"), ("stop_voltage", "<"), ("start_voltage", "")),
        "emergency_stop_voltage < stop_voltage < start_voltage",
    )
    violations += _in_range(value, _MINER_RANGES)
    return violations + _both_or_none(value, "prefer_time_start", "prefer_time_end")


def zone_violations(value: Zone) -> list[Violation]:
    """Every rule that this zone breaks; empty when it is fine. Temperatures that are not set are
    left out of the order.
    """
    violations = _not_finite(value)
    if violations:
        return violations
    order = ("temp_too_cold", "temp_cold_ok", "temp_hot_ok", "temp_too_hot")
    given = [name for name in order if getattr(value, name) is not None]
    violations += _named(value.name)
    violations += _ascending(
        value,
        tuple((name, "<" if name != given[-1] else "") for name in given),
        "temp_too_hot > temp_hot_ok > temp_cold_ok > temp_too_cold",
    )
    return violations + _in_range(value, _ZONE_RANGES)


def _not_finite(value: Preferences | MinerProfile | Zone) -> list[Violation]:
    return [
        (field.name, f"{field.name} must be a number, got {number}")
        for field in fields(value)
        for number in [getattr(value, field.name)]
        if isinstance(number, float) and not math.isfinite(number)
    ]


def _named(name: str) -> list[Violation]:
    """Rules for names: they appear in pages, mail subjects and sentences, so no line breaks and no
    change of writing direction.
    """
    if not name.strip():
        return [("name", "name must not be empty")]
    if len(name) > _LONGEST_NAME:
        return [("name", f"name must have at most {_LONGEST_NAME} characters, has {len(name)}")]
    if any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} or c in _TURNING for c in name):
        return [("name", f"name must be one line of plain characters, got {name!a}")]
    return []


def _ascending(value: object, order: Sequence[tuple[str, str]], rule: str) -> list[Violation]:
    violations: list[Violation] = []
    for (low, relation), (high, _) in pairwise(order):
        violations += _pair(value, low, relation, high, rule=rule)
    return violations


def _pair(
    value: object, low: str, relation: str, high: str, *, rule: str | None = None
) -> list[Violation]:
    smaller: float = getattr(value, low)
    larger: float = getattr(value, high)
    holds = smaller < larger if relation == "<" else smaller <= larger
    if holds:
        return []
    words = "below" if relation == "<" else "at or below"
    order = "" if rule is None else f" (order: {rule})"
    return [(low, f"{low} {smaller:g} must be {words} {high} {larger:g}{order}")]


def _curve(points: tuple[tuple[float, float], ...] | None) -> list[Violation]:
    path = "voltage_curve"
    if points is None:
        return []
    fewest, most = _CURVE_POINTS
    if not fewest <= len(points) <= most:
        return [(path, f"voltage_curve must have {fewest} to {most} points, has {len(points)}")]
    if not all(math.isfinite(number) for point in points for number in point):
        return [(path, "voltage_curve must consist of numbers")]
    violations: list[Violation] = [
        (f"{path}[{index}]", f"voltage must be 0 to {_MOST_V:g}, got {voltage:g}")
        for index, (voltage, _) in enumerate(points)
        if not 0 <= voltage <= _MOST_V
    ]
    for index, (lower, upper) in enumerate(pairwise(points)):
        for column, name in enumerate(("voltage", "percentage")):
            before, this = lower[column], upper[column]
            if not before < this:
                rule = f"must be above the point before it ({before:g}): both columns increase"
                where = f"{path}[{index + 1}]"
                violations.append((where, f"{name} {this:g} {rule}"))
    violations += [
        (f"{path}[{index}]", f"the {which} point must be {wanted} %, is {points[index][1]:g} %")
        for index, which, wanted in ((0, "first", 0), (-1, "last", 100))
        if points[index][1] != wanted
    ]
    return violations


def _in_range(value: object, ranges: Iterable[tuple[str, float, float]]) -> list[Violation]:
    violations: list[Violation] = []
    for name, low, high in ranges:
        number: float | None = getattr(value, name)
        if number is not None and not low <= number <= high:
            violations.append(
                (name, f"{name} must be {low:.15g} to {high:.15g}, got {number:.15g}")
            )
    return violations


def _both_or_none(value: object, start: str, end: str) -> list[Violation]:
    missing = [name for name in (start, end) if getattr(value, name) is None]
    if len(missing) != 1:
        return []
    return [(missing[0], f"{start} and {end} go together: give both or neither")]


def _choices(value: Preferences) -> list[Violation]:
    return [
        (name, f"{name} must be one of {', '.join(choices)}, got {getattr(value, name)!r}")
        for name, choices in _CHOICES.items()
        if getattr(value, name) not in choices
    ]


def _place(value: Preferences) -> list[Violation]:
    try:
        ZoneInfo(value.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return [("timezone", f"timezone {value.timezone!r} is unknown; e.g. Europe/Zurich")]
    return []


def _targets(value: Preferences) -> list[Violation]:
    checks: tuple[tuple[str, Any, re.Pattern[str], str], ...] = (
        ("notify_email", value.notify_email, _EMAIL, "an address such as ana@example.org"),
        ("notify_phone", value.notify_phone, _PHONE, "in international form such as +14155550123"),
        *(
            (f"notify_urls[{index}]", url, _URL, "an address such as json://host/path")
            for index, url in enumerate(value.notify_urls)
        ),
    )
    return [
        (path, f"{path.partition('[')[0]} must be {wanted}")
        for path, target, pattern, wanted in checks
        if target is not None and pattern.fullmatch(target) is None
    ]
