"""PV potential, and the budget by priority: who runs, who waits, who is shed."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput
from energy.site.miners import Learned, MinerMemory, MinerState
from energy.site.snapshot import Reading, Sky
from tests.fakes.sites.allocator_site import (
    DUMP,
    NOON,
    PLAIN,
    WITHOUT_RESERVE,
    ask,
    off,
    outcomes,
    plain,
    sentences_of,
    snapshot,
)

FULL: dict[str, Any] = {"voltage_v": 55.2, "current_a": 10.0, "pv_w": 2_000.0}


SKY = Sky(clear_sky_w=10_000.0, sunny=True, night_hours=10.0)


@pytest.mark.parametrize(
    ("changes", "potential_w", "throttled"),
    [
        pytest.param({}, 8_000.0, True, id="full, tapering, below the sky"),
        pytest.param({"voltage_v": 54.89}, 2_000.0, False, id="below float"),
        pytest.param({"current_a": 19.0}, 2_000.0, False, id="it still takes more than a trickle"),
        pytest.param({"voltage_v": 56.6, "current_a": 60.0}, 8_000.0, True, id="beyond its curve"),
        pytest.param({"voltage_v": 56.6, "current_a": 61.0}, 2_000.0, False, id="on its curve"),
        pytest.param({"current_a": -1.0}, 2_000.0, False, id="discharging"),
        pytest.param({"current_a": None}, 2_000.0, False, id="current unknown"),
        pytest.param({"pv_w": 7_199.0}, 8_000.0, True, id="just held back"),
        pytest.param({"pv_w": 7_200.0}, 8_000.0, False, id="hardly held back"),
        pytest.param({"pv_w": 9_000.0}, 9_000.0, False, id="more than the model's"),
        pytest.param({"pv_w": None}, 0.0, False, id="PV unknown"),
        pytest.param({"sky": Sky()}, 2_000.0, False, id="no model"),
    ],
)
def test_pv_potential(changes: dict[str, Any], potential_w: float, *, throttled: bool) -> None:
    picture = snapshot(**{**FULL, "load_w": 1_500.0, "sky": SKY, **changes})
    budget = allocate(ask(snapshot=picture, learned=Learned(clear_sky_ratio=0.8))).budget
    assert (budget.pv_potential_w, budget.throttled) == (potential_w, throttled)


def test_a_full_battery_shows_how_much_of_the_budget_is_potential() -> None:
    """The dump load starts on sun that the charger holds back, and nothing is reserved."""
    question = ask(
        snapshot=snapshot(**{**FULL, "load_w": 1_500.0, "sky": SKY}),
        learned=Learned(clear_sky_ratio=0.8, mean_base_load_w=9_999.0),
        miners=(replace(DUMP, minimum_excess_watts=0.0),),
        states=(off(DUMP),),
    )
    decision = allocate(question)
    budget = decision.budget
    assert (budget.solar_surplus_w, budget.measured_surplus_w, budget.potential_surplus_w) == (
        6_500.0,
        500.0,
        6_000.0,
    )
    assert outcomes(decision) == [("start", "eligible")]
    assert decision.memory.miners == ((DUMP.id, MinerMemory(potential_started_at=NOON)),)
    assert decision.limits == (
        (
            "The battery is full and PV is throttled: 8 000 W are possible, 6 000 W of the"
            " surplus are estimated, not measured."
        ),
    )


def crowd(*entries: tuple[str, int, float, bool | None]) -> AllocationInput:
    """Miners of (name, priority, W, is on) with 3 000 W of sun and no battery."""
    profiles = tuple(
        replace(PLAIN, id=name.lower(), name=name, priority_level=priority, power_draw_watts=power)
        for name, priority, power, _ in entries
    )
    states = tuple(
        MinerState(
            miner_id=name.lower(),
            is_on=is_on,
            power_w=power if is_on else 0.0,
            power_in_load_w=0.0,
        )
        for name, _, power, is_on in entries
    )
    return ask(
        snapshot=snapshot(pv_w=3_000.0, load_w=0.0),
        preferences=replace(WITHOUT_RESERVE, battery_discharge_allowance_w=0.0),
        miners=profiles,
        states=states,
    )


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param(
            [("A", 1, 3_000.0, False), ("B", 2, 1.0, False)],
            [("start", "eligible"), ("stay_off", "budget")],
            id="the first takes it all",
        ),
        pytest.param(
            [("A", 1, 3_001.0, False), ("B", 2, 2_000.0, False)],
            [("stay_off", "budget"), ("start", "eligible")],
            id="what doesn't fit is skipped",
        ),
        pytest.param(
            [("A", 1, 2_000.0, False), ("B", 2, 2_000.0, True)],
            [("start", "eligible"), ("stop", "shed")],
            id="the lower one is shed",
        ),
        pytest.param(
            [("A", 1, 2_000.0, True), ("B", 2, 2_000.0, True)],
            [("keep_running", "running"), ("stop", "budget")],
            id="too little sun for two",
        ),
        pytest.param(
            [("A", 1, 2_000.0, False), ("B", 1, 2_000.0, True)],
            [("stay_off", "budget"), ("keep_running", "running")],
            id="among equals what runs keeps running",
        ),
        pytest.param(
            [("B", 1, 2_000.0, False), ("A", 1, 2_000.0, False)],
            [("start", "eligible"), ("stay_off", "budget")],
            id="among equals by name",
        ),
        pytest.param(
            [("A", 1, 1_000.0, False), ("B", 2, 1_000.0, False)],
            [("start", "eligible"), ("stay_off", "one_start_per_cycle")],
            id="one start per cycle",
        ),
        pytest.param(
            [("A", 1, 3_200.0, True), ("B", 2, 100.0, False)],
            [("keep_running", "budget_tolerance"), ("stay_off", "budget")],
            id="200 W short: within the tolerance",
        ),
        pytest.param([("A", 1, 3_201.0, True)], [("stop", "budget")], id="201 W short"),
        pytest.param(
            [("A", 1, 1_000.0, None), ("B", 2, 3_000.0, False)],
            [("stay_off", "device_unknown"), ("start", "eligible")],
            id="unknown is never started",
        ),
    ],
)
def test_budget_by_priority(
    entries: list[tuple[str, int, float, bool | None]], expected: list[tuple[str, str]]
) -> None:
    assert outcomes(allocate(crowd(*entries))) == expected


@pytest.mark.parametrize(
    ("max_battery_discharge_w", "expected"),
    [
        pytest.param(
            1_500.0,
            ["running", "budget_delay", "budget_delay"],
            id="it may give what both of the lower ones lack",
        ),
        pytest.param(
            1_499.0,
            ["running", "budget_delay", "budget"],
            id="what it lends to the second it has not for the third",
        ),
        pytest.param(999.0, ["running", "budget", "running"], id="too little for the second"),
        pytest.param(0.0, ["running", "budget", "running"], id="nothing to lend"),
    ],
)
def test_the_battery_lends_by_priority_until_its_limit(
    max_battery_discharge_w: float, expected: list[str]
) -> None:
    """Three run on 3 000 W of sun: the second lacks 1 000 W, then the third all of its 500 W."""
    question = crowd(("A", 1, 2_000.0, True), ("B", 2, 2_000.0, True), ("C", 3, 500.0, True))
    preferences = replace(question.preferences, max_battery_discharge_w=max_battery_discharge_w)
    asked = replace(question, preferences=preferences, conditions_have_held=False)
    assert [reason for _, reason in outcomes(allocate(asked))] == expected


def test_the_owner_may_allow_more_starts_per_cycle() -> None:
    question = crowd(("A", 1, 1_000.0, False), ("B", 2, 1_000.0, False), ("C", 3, 1_000.0, False))
    allowed = replace(question, preferences=replace(question.preferences, max_starts_per_cycle=2))
    assert [command for command, _ in outcomes(allocate(allowed))] == ["start", "start", "stay_off"]


def test_a_preferred_window_goes_ahead_of_equals() -> None:
    question = crowd(("A", 1, 2_000.0, False), ("B", 1, 2_000.0, False), ("C", 2, 900.0, False))
    a, b, c = question.miners
    preferring = replace(b, prefer_time_start=10, prefer_time_end=14)
    assert outcomes(allocate(replace(question, miners=(a, preferring, c)))) == [
        ("stay_off", "budget"),
        ("start", "eligible"),
        ("stay_off", "one_start_per_cycle"),
    ]


def test_a_state_that_is_missing_is_unknown() -> None:
    assert outcomes(allocate(replace(crowd(("A", 1, 1_000.0, True)), states=()))) == [
        ("stay_off", "device_unknown")
    ]


@pytest.mark.parametrize(
    ("power_w", "on_for_s", "expected_w"),
    [
        pytest.param(None, None, 3_000.0, id="no meter: its draw"),
        pytest.param(50.0, 60.0, 3_000.0, id="booting: its draw"),
        pytest.param(2_000.0, 479.0, 3_000.0, id="still booting"),
        pytest.param(2_000.0, 480.0, 2_000.0, id="limited: what it takes"),
        pytest.param(2_000.0, None, 2_000.0, id="limited, and who knows since when"),
        pytest.param(3_300.0, 60.0, 3_300.0, id="more than its draw"),
        pytest.param(1_499.0, 9_000.0, 3_000.0, id="under half: it may hash again any minute"),
    ],
)
def test_power_a_running_miner_is_budgeted_with(
    power_w: float | None, on_for_s: float | None, expected_w: float
) -> None:
    since = None if on_for_s is None else NOON - timedelta(seconds=on_for_s)
    state = MinerState(
        miner_id="plain", is_on=True, power_w=power_w, power_in_load_w=0.0, since=since
    )
    assert plain(state=state).miners[0].power_w == expected_w


def test_a_miner_in_its_minimum_on_time_holds_its_watts() -> None:
    question = crowd(("A", 1, 2_000.0, False), ("B", 2, 2_000.0, True))
    a, b = question.states
    young = replace(b, since=NOON - timedelta(seconds=899))
    assert outcomes(allocate(replace(question, states=(a, young)))) == [
        ("stay_off", "waits_for_minimum_on"),
        ("keep_running", "running"),
    ]
    old = replace(b, since=NOON - timedelta(seconds=900))
    assert outcomes(allocate(replace(question, states=(a, old)))) == [
        ("start", "eligible"),
        ("stop", "shed"),
    ]


@pytest.mark.parametrize(
    ("young_s", "between_w", "expected"),
    [
        pytest.param(899, 701.0, "waits_for_minimum_on", id="1 W beyond the tolerance"),
        pytest.param(899, 700.0, "eligible", id="all three fit within the tolerance"),
        pytest.param(900, 701.0, "eligible", id="the last may be stopped"),
    ],
)
def test_a_start_leaves_room_for_what_runs_between_it_and_a_held_miner(
    young_s: float, between_w: float, expected: str
) -> None:
    """A miner between them would be kept in its turn, and the held one be too much."""
    question = crowd(("A", 1, 500.0, False), ("B", 2, between_w, True), ("C", 3, 2_000.0, True))
    a, b, c = question.states
    held = replace(c, since=NOON - timedelta(seconds=young_s))
    decision = allocate(replace(question, states=(a, b, held)))
    assert decision.miners[0].reason.code == expected
    assert decision.budget.allocated_w <= decision.budget.total_w + 200.0


def test_every_refusal_of_the_example_says_what_would_change_it() -> None:
    question = crowd(("A", 1, 2_000.0, True), ("B", 2, 1_310.0, False))
    why, change = sentences_of(allocate(question), 1)
    assert why == "Off: it needs 1 310 W and 1 000 W of the budget are left."
    assert change == "starts when 310 W more are free"


@pytest.mark.parametrize(
    ("grid", "changes", "expected_w"),
    [
        pytest.param(Reading(value=49.0), {}, (6_600.0, 5_000.0), id="the meter's noise"),
        pytest.param(Reading(value=51.0), {}, (6_600.0, 4_999.0), id="a watt of import, one less"),
        pytest.param(Reading(value=1_050.0), {}, (6_600.0, 4_000.0), id="a kilowatt"),
        pytest.param(Reading(value=6_050.0), {}, (5_600.0, 0.0), id="more than the allowance"),
        pytest.param(Reading(value=-500.0), {}, (6_600.0, 5_000.0), id="export"),
        pytest.param(
            Reading(value=1_050.0),
            {"grid_import_allowed": True, "max_grid_import_w": 1_000.0},
            (6_600.0, 5_000.0),
            id="as much as the owner allows",
        ),
        pytest.param(
            Reading(value=1_050.0),
            {"grid_import_allowed": False, "max_grid_import_w": 1_000.0},
            (6_600.0, 4_000.0),
            id="a limit of a grid that isn't allowed",
        ),
        pytest.param(Reading(value=9_000.0, age_s=601.0), {}, (6_600.0, 5_000.0), id="old"),
        pytest.param(Reading(value=math.nan), {}, (6_600.0, 5_000.0), id="no number"),
        pytest.param(None, {}, (6_600.0, 5_000.0), id="no meter"),
    ],
)
def test_import_beyond_the_limit_makes_the_budget_smaller_watt_by_watt(
    grid: Reading | None, changes: dict[str, Any], expected_w: tuple[float, float]
) -> None:
    question = ask(
        snapshot=replace(snapshot(), grid_power_w=grid),
        preferences=replace(WITHOUT_RESERVE, **changes),
    )
    budget = allocate(question).budget
    assert (budget.solar_surplus_w, budget.battery_allowance_w) == expected_w
