"""The allocator on one picture: the worked example, the site's limits, the voltages that rule."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from energy.allocation.allocator import ALLOCATOR_VERSION, allocate
from energy.allocation.decision import Budget
from energy.allocation.explanation.reason_codec import compared
from energy.site.miners import ControlMemory, Learned, MinerState
from energy.site.preferences import OperatingMode, Preferences
from energy.site.snapshot import Sky
from tests.fakes.sites.allocator_site import (
    DUMP,
    PRIMARY,
    ask,
    off,
    outcomes,
    running,
    sentences_of,
    snapshot,
)


def test_the_worked_example_to_the_watt() -> None:
    decision = allocate(ask(preferences=Preferences()))
    assert decision.budget.soc_pct == pytest.approx(62.4)
    assert decision.budget.usable_wh == pytest.approx(15_552.0)
    assert replace(decision.budget, soc_pct=None, usable_wh=None) == Budget(
        raw_voltage_v=52.3,
        rest_voltage_v=52.3,
        voltage_source="given",
        soc_pct=None,
        pv_power_w=8_450.0,
        pv_potential_w=8_450.0,
        throttled=False,
        base_load_w=1_850.0,
        controlled_load_w=0.0,
        solar_surplus_w=6_600.0,
        measured_surplus_w=6_600.0,
        potential_surplus_w=0.0,
        battery_allowance_w=5_000.0,
        battery_factor=1.0,
        house_deficit_w=0.0,
        usable_wh=None,
        reserve_wh=14.0 * 1_850.0 + 0.27 * 48_000.0,
        total_w=11_600.0,
        allocated_w=3_878.0,
        tonight_reserve_wh=14.0 * 1_850.0,
        dark_day_reserve_wh=0.27 * 48_000.0,
        reserve_known=False,
    )
    assert outcomes(decision) == [("start", "eligible"), ("stay_off", "below_start_voltage")]
    primary, dump = decision.miners
    assert (primary.name, primary.power_w, primary.from_battery_w) == (
        "Primary S21+ (Revenue)",
        3_878.0,
        0.0,
    )
    assert sentences_of(decision, 0).explanation == (
        "Starts: 52.30 V is at or above its start voltage 50.00 V and its 3 878 W fit"
        " (3 878 W from the sun)."
    )
    assert (
        sentences_of(decision, 1).explanation == "Off: 52.30 V is below its start voltage 54.50 V."
    )
    assert (
        sentences_of(decision, 1).would_change == "may start at 54.50 V rest voltage held for 5 min"
    )
    assert compared(dump.reason) == (
        ("rest_voltage_v", 52.3),
        ("raw_voltage_v", 52.3),
        ("start_voltage_v", 54.5),
    )
    assert decision.limits == ()
    assert decision.version == ALLOCATOR_VERSION


def test_the_example_stands_with_the_reserve_of_a_usual_night() -> None:
    question = ask(
        snapshot=snapshot(sky=Sky(night_hours=12.0)),
        learned=Learned(mean_base_load_w=900.0),
        preferences=Preferences(),
    )
    decision = allocate(question)
    assert decision.budget.total_w == 11_600.0
    assert decision.budget.tonight_reserve_wh == pytest.approx(12_420.0)
    assert outcomes(decision)[0] == ("start", "eligible")


@pytest.mark.parametrize(
    ("changes", "expected_w"),
    [
        pytest.param({"operating_mode": OperatingMode.CONSERVATIVE}, 2_500.0, id="half"),
        pytest.param({"operating_mode": OperatingMode.AGGRESSIVE}, 7_500.0, id="one and a half"),
        pytest.param({"voltage_low": 52.3, "voltage_restart": 53.0}, 0.0, id="at voltage_low"),
        pytest.param({"max_battery_discharge_w": 4_000.0}, 4_000.0, id="the bank's own limit"),
    ],
)
def test_battery_allowance(changes: dict[str, Any], expected_w: float) -> None:
    budget = allocate(ask(preferences=replace(Preferences(), **changes))).budget
    assert budget.battery_allowance_w == expected_w
    assert budget.total_w == 6_600.0 + expected_w


def test_the_house_on_battery_leaves_less_for_the_miners() -> None:
    budget = allocate(ask(snapshot=snapshot(pv_w=0.0, load_w=9_000.0))).budget
    assert (budget.house_deficit_w, budget.battery_allowance_w) == (9_000.0, 3_000.0)


@pytest.mark.parametrize(
    ("state", "load_w", "expected"),
    [
        pytest.param(running(PRIMARY), 5_728.0, (1_850.0, 3_878.0), id="metered"),
        pytest.param(
            MinerState(miner_id=PRIMARY.id, is_on=True), 5_728.0, (1_850.0, 3_878.0), id="no meter"
        ),
        pytest.param(
            replace(running(PRIMARY), power_in_load_w=100.0),
            1_950.0,
            (1_850.0, 100.0),
            id="it took less when the load was read",
        ),
        pytest.param(
            replace(off(PRIMARY), power_in_load_w=3_878.0),
            5_728.0,
            (1_850.0, 3_878.0),
            id="off now, on when the load was read",
        ),
        pytest.param(running(PRIMARY), 3_000.0, (0.0, 3_878.0), id="never below zero"),
        pytest.param(
            MinerState(miner_id=PRIMARY.id, is_on=None, power_in_load_w=3_878.0),
            5_728.0,
            (5_728.0, 0.0),
            id="unknown: its watts are lent to nobody",
        ),
        pytest.param(
            MinerState(miner_id="another site's", is_on=True, power_w=500.0),
            1_850.0,
            (1_850.0, 0.0),
            id="no miner of ours",
        ),
        pytest.param(
            MinerState(miner_id=PRIMARY.id, is_on=True, power_w=math.nan),
            5_728.0,
            (1_850.0, 3_878.0),
            id="a broken meter",
        ),
    ],
)
def test_base_load(state: MinerState, load_w: float, expected: tuple[float, float]) -> None:
    budget = allocate(ask(snapshot=snapshot(load_w=load_w), states=(state,))).budget
    assert (budget.base_load_w, budget.controlled_load_w) == expected


def test_a_running_miner_is_not_subtracted_twice() -> None:
    """4 000 W of sun, a house of 100 W: the miner runs on, for as long as the sun does."""
    question = ask(
        snapshot=snapshot(pv_w=4_000.0, load_w=3_978.0),
        preferences=Preferences(battery_discharge_allowance_w=0.0),
        states=(running(PRIMARY), off(DUMP)),
    )
    assert outcomes(allocate(question))[0] == ("keep_running", "running")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"emergency_stop": True},
            [("stop", "emergency_stop"), ("stop", "emergency_stop")],
            id="1 emergency stop: every miner",
        ),
        pytest.param(
            {"snapshot": snapshot(voltage_v=None)},
            [("stop", "telemetry_lost"), ("stop", "telemetry_lost")],
            id="2 no voltage at all",
        ),
        pytest.param(
            {"snapshot": snapshot(voltage_v=45.0)},
            [("stop", "voltage_critical"), ("stay_off", "voltage_critical")],
            id="3 critical",
        ),
        pytest.param(
            {"snapshot": snapshot(voltage_v=47.0)},
            [("keep_running", "running"), ("stay_off", "emergency_voltage")],
            id="3 low: what runs on sun keeps running",
        ),
        pytest.param(
            {"snapshot": snapshot(voltage_v=46.9)},
            [("stop", "below_stop_voltage"), ("stay_off", "emergency_voltage")],
            id="4 below its stop voltage",
        ),
    ],
)
def test_limits_on_a_running_and_an_idle_miner(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert outcomes(allocate(ask(states=(running(PRIMARY), off(DUMP)), **changes))) == expected


@pytest.mark.parametrize(
    ("memory", "voltage_v", "expected", "lockout"),
    [
        pytest.param(False, 47.01, ("stay_off", "below_start_voltage"), False, id="above low"),
        pytest.param(False, 47.0, ("stay_off", "voltage_low"), True, id="at low: locked out"),
        pytest.param(True, 49.99, ("stay_off", "low_voltage_lockout"), True, id="not back yet"),
        pytest.param(True, 50.0, ("start", "eligible"), False, id="back at restart"),
    ],
)
def test_low_voltage_lockout(
    *, memory: bool, voltage_v: float, expected: tuple[str, str], lockout: bool
) -> None:
    decision = allocate(
        ask(snapshot=snapshot(voltage_v=voltage_v), memory=ControlMemory(lockout=memory))
    )
    assert outcomes(decision)[0] == expected
    assert decision.memory.lockout is lockout


@pytest.mark.parametrize(
    ("voltage_v", "current_a", "expected"),
    [
        pytest.param(49.5, -80.0, ("start", "eligible"), id="50.3 V at rest starts"),
        pytest.param(50.5, 80.0, ("stay_off", "below_start_voltage"), id="49.7 V at rest waits"),
        pytest.param(44.9, -100.0, ("stay_off", "voltage_critical"), id="critical by the raw one"),
        pytest.param(45.5, 80.0, ("stay_off", "voltage_critical"), id="critical by the rest one"),
    ],
)
def test_rest_voltage_rules_and_the_lower_one_protects(
    voltage_v: float, current_a: float, expected: tuple[str, str]
) -> None:
    decision = allocate(ask(snapshot=snapshot(voltage_v=voltage_v, current_a=current_a)))
    assert outcomes(decision)[0] == expected


def test_the_question_comes_back_with_the_answer() -> None:
    question = ask()
    assert allocate(question).inputs is question
