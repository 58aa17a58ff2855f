"""The allocator on bad data: missing, stale, frozen, implausible, contradicting measurements."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput
from energy.site.miners import Learned
from energy.site.snapshot import Link, Reading
from tests.fakes.sites.allocator_site import (
    DUMP,
    NOON,
    PRIMARY,
    SUNNY,
    ask,
    off,
    outcomes,
    running,
    sentences_of,
    snapshot,
)


def voltage(
    value: float, *, age_s: float = 0.0, link: Link = Link.CLOUD, still_s: float = 0.0
) -> Reading:
    return Reading(value=value, age_s=age_s, link=link, unchanged_s=still_s, source="monitor")


def with_voltage(monitor: Reading | None, inverter: Reading | None = None) -> AllocationInput:
    return ask(
        snapshot=replace(snapshot(), battery_voltage_v=monitor, inverter_voltage_v=inverter),
        states=(off(PRIMARY), off(DUMP)),
    )


STALE, LOST = ("stay_off", "telemetry_stale"), ("stop", "telemetry_lost")


START = ("start", "eligible")


@pytest.mark.parametrize(
    ("monitor", "inverter", "expected"),
    [
        pytest.param(voltage(52.3, age_s=600.0), None, START, id="600 s: still fresh"),
        pytest.param(voltage(52.3, age_s=601.0), None, STALE, id="601 s: stale"),
        pytest.param(voltage(52.3, age_s=1_800.0), None, STALE, id="1 800 s: stale"),
        pytest.param(voltage(52.3, age_s=1_801.0), None, LOST, id="1 801 s: lost"),
        pytest.param(voltage(52.3, age_s=60.0, link=Link.LOCAL), None, START, id="local 60 s"),
        pytest.param(voltage(52.3, age_s=61.0, link=Link.LOCAL), None, STALE, id="local 61 s"),
        pytest.param(voltage(52.3, age_s=300.0, link=Link.LOCAL), None, STALE, id="local 300 s"),
        pytest.param(voltage(52.3, age_s=301.0, link=Link.LOCAL), None, LOST, id="local 301 s"),
        pytest.param(voltage(math.nan), None, STALE, id="not a number"),
        pytest.param(voltage(math.inf), None, STALE, id="infinite"),
        pytest.param(voltage(40.9), None, STALE, id="implausibly low"),
        pytest.param(voltage(60.9), None, STALE, id="implausibly high"),
        pytest.param(voltage(60.8), None, START, id="as high as may be"),
        pytest.param(voltage(52.3, still_s=3_599.0), None, START, id="not frozen yet"),
        pytest.param(voltage(52.3, still_s=3_600.0), None, LOST, id="frozen for an hour"),
        pytest.param(
            voltage(52.3, still_s=7_200.0),
            voltage(51.8, still_s=7_200.0),
            START,
            id="held by the charger: two sensors agree",
        ),
        pytest.param(
            voltage(52.3, still_s=3_600.0),
            voltage(52.3, age_s=901.0),
            STALE,
            id="frozen, and an old agreement proves nothing",
        ),
        pytest.param(
            voltage(58.0, still_s=3_600.0),
            voltage(45.0),
            ("stay_off", "voltage_critical"),
            id="frozen high, and the inverter says low",
        ),
        pytest.param(None, voltage(52.3), START, id="the inverter stands in"),
        pytest.param(voltage(0.0), voltage(52.3), START, id="the inverter, for a broken monitor"),
        pytest.param(
            voltage(52.3, age_s=700.0), voltage(52.1, age_s=5.0), START, id="the fresher one"
        ),
        pytest.param(
            voltage(52.3, age_s=700.0), voltage(0.0, age_s=5.0), STALE, id="the monitor, if stale"
        ),
        pytest.param(
            voltage(52.3, age_s=700.0), voltage(52.1, age_s=800.0), STALE, id="both are stale"
        ),
    ],
)
def test_voltage_data(
    monitor: Reading | None, inverter: Reading | None, expected: tuple[str, str]
) -> None:
    assert outcomes(allocate(with_voltage(monitor, inverter)))[0] == expected


def test_an_implausible_voltage_stops_nothing_at_once_and_everything_in_the_end() -> None:
    question = replace(with_voltage(voltage(0.0)), states=(running(PRIMARY), off(DUMP)))
    first = allocate(question)
    assert outcomes(first)[0] == ("keep_running", "running")
    assert first.memory.voltage_implausible_since == NOON
    for second, expected in ((1_800.0, "keep_running"), (1_801.0, "stop")):
        later = replace(
            question,
            snapshot=replace(question.snapshot, at=NOON + timedelta(seconds=second)),
            memory=first.memory,
        )
        assert outcomes(allocate(later))[0][0] == expected


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        pytest.param(
            {"pv_power_w": Reading(value=-51.0)},
            "Solar power of −51 W is implausible and counts as missing.",
            id="negative sun",
        ),
        pytest.param(
            {"pv_power_w": Reading(value=math.nan)},
            "The solar power is not a number and counts as missing.",
            id="no number",
        ),
        pytest.param(
            {"pv_power_w": Reading(value=8_450.0, age_s=601.0)},
            "The solar power is 601 s old and counts as missing.",
            id="too old",
        ),
        pytest.param(
            {"pv_power_w": Reading(value=8_450.0, unchanged_s=600.0, source="SolArk")},
            "SolArk is frozen, all that it measures has stood still for 10 min: its solar power of"
            " 8 450 counts as missing.",
            id="frozen",
        ),
        pytest.param(
            {"load_power_w": Reading(value=-51.0)},
            "A load of −51 W is suspect and counts as missing.",
            id="negative load",
        ),
        pytest.param(
            {"battery_voltage_v": None, "inverter_voltage_v": Reading(value=52.3)},
            "The battery monitor's voltage is missing; the inverter's stands in.",
            id="another source",
        ),
    ],
)
def test_what_was_left_out_is_said(changes: dict[str, Any], limit: str) -> None:
    decision = allocate(ask(snapshot=replace(snapshot(), **changes)))
    assert limit in decision.limits


def test_solar_missing_counts_as_no_sun_for_those_that_need_it() -> None:
    """The primary goes on with the battery; the dump load, which needs sun, does not."""
    question = ask(
        snapshot=snapshot(voltage_v=55.0, pv_w=None, load_w=0.0, sky=SUNNY),
        states=(running(PRIMARY), running(DUMP)),
    )
    assert outcomes(allocate(question)) == [("keep_running", "running"), ("stop", "excess_solar")]


def test_noise_around_zero_is_zero() -> None:
    budget = allocate(ask(snapshot=snapshot(pv_w=-50.0, load_w=-3.0))).budget
    assert (budget.pv_power_w, budget.base_load_w) == (0.0, 0.0)


def test_at_night_a_sun_that_stands_still_is_not_frozen() -> None:
    dark = replace(snapshot(), pv_power_w=Reading(value=0.0, unchanged_s=30_000.0))
    assert allocate(ask(snapshot=dark)).budget.pv_power_w == 0.0


def test_without_a_load_reading_nothing_starts_and_what_runs_goes_on() -> None:
    """The learned mean of the house stands in."""
    question = ask(
        snapshot=snapshot(load_w=None),
        learned=Learned(mean_base_load_w=1_850.0),
        states=(running(PRIMARY), off(replace(DUMP, id="other"))),
        miners=(PRIMARY, replace(PRIMARY, id="other", name="Other", priority_level=2)),
    )
    decision = allocate(question)
    assert decision.budget.solar_surplus_w == 6_600.0
    assert outcomes(decision) == [("keep_running", "running"), ("stay_off", "telemetry_stale")]
    assert sentences_of(decision, 1).explanation == (
        "Off: the load is unknown; nothing starts on missing data."
    )


def test_without_any_load_the_surplus_counts_as_zero() -> None:
    budget = allocate(ask(snapshot=snapshot(load_w=None))).budget
    assert (budget.solar_surplus_w, budget.measured_surplus_w) == (0.0, 0.0)
