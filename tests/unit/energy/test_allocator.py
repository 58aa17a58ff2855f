"""The allocator on one picture: the worked example, limits, voltages, conditions, budget."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from energy.allocator import ALLOCATOR_VERSION, allocate, decide
from energy.decision import AllocationInput, Budget, Decision
from energy.miners import (
    ControlMemory,
    Learned,
    MinerMemory,
    MinerMode,
    MinerProfile,
    MinerState,
)
from energy.preferences import OperatingMode, Preferences
from energy.quality import is_frozen
from energy.snapshot import Link, Reading, Sky
from tests.fakes.allocator_site import DUMP, NOON, PRIMARY, of, off, running, snapshot

SUNNY = Sky(sunny=True)


def ask(**changes: Any) -> AllocationInput:
    """The worked example, with changes; its conditions have held long enough."""
    question = AllocationInput(
        snapshot=snapshot(),
        miners=(PRIMARY, DUMP),
        states=(off(PRIMARY), off(DUMP)),
        conditions_have_held=True,
    )
    return replace(question, **changes)


def told(decision: Decision) -> list[tuple[str, str]]:
    return [(miner.command.value, miner.reason.value) for miner in decision.miners]


def test_the_worked_example_to_the_watt() -> None:
    decision = allocate(ask())
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
        reserve_wh=None,
        total_w=11_600.0,
        allocated_w=3_878.0,
    )
    assert told(decision) == [("start", "eligible"), ("stay_off", "below_start_voltage")]
    primary, dump = decision.miners
    assert (primary.name, primary.power_w, primary.from_battery_w) == (
        "Primary S21+ (Revenue)",
        3_878.0,
        0.0,
    )
    assert primary.explanation == (
        "Starts: 52.30 V is at or above its start voltage 50.00 V and its 3 878 W fit"
        " (3 878 W from the sun)."
    )
    assert dump.explanation == "Off: 52.30 V is below its start voltage 54.50 V."
    assert dump.would_change == "starts at 54.50 V rest voltage held for 5 min"
    assert dump.compared == (
        ("rest_voltage_v", 52.3),
        ("raw_voltage_v", 52.3),
        ("start_voltage_v", 54.5),
    )
    assert decision.limits == ()
    assert decision.version == ALLOCATOR_VERSION


def test_the_example_stands_with_the_reserve_of_a_usual_night() -> None:
    question = ask(
        snapshot=snapshot(sky=Sky(night_hours=12.0)), learned=Learned(mean_base_load_w=900.0)
    )
    decision = decide(question)
    assert decision.budget.total_w == 11_600.0
    assert decision.budget.reserve_wh == pytest.approx(12_420.0)
    assert told(decision)[0] == ("start", "eligible")


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
    budget = decide(ask(preferences=replace(Preferences(), **changes))).budget
    assert budget.battery_allowance_w == expected_w
    assert budget.total_w == 6_600.0 + expected_w


def test_the_house_on_battery_leaves_less_for_the_miners() -> None:
    budget = decide(ask(snapshot=snapshot(pv_w=0.0, load_w=9_000.0))).budget
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
    budget = decide(ask(snapshot=snapshot(load_w=load_w), states=(state,))).budget
    assert (budget.base_load_w, budget.controlled_load_w) == expected


def test_a_running_miner_is_not_subtracted_twice() -> None:
    """4 000 W of sun, a house of 100 W: the miner runs on, for as long as the sun does."""
    question = ask(
        snapshot=snapshot(pv_w=4_000.0, load_w=3_978.0),
        preferences=Preferences(battery_discharge_allowance_w=0.0),
        states=(running(PRIMARY), off(DUMP)),
    )
    assert told(decide(question))[0] == ("keep_running", "running")


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
    assert told(decide(ask(states=(running(PRIMARY), off(DUMP)), **changes))) == expected


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
    decision = decide(
        ask(snapshot=snapshot(voltage_v=voltage_v), memory=ControlMemory(lockout=memory))
    )
    assert told(decision)[0] == expected
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
    decision = decide(ask(snapshot=snapshot(voltage_v=voltage_v, current_a=current_a)))
    assert told(decision)[0] == expected


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
    assert told(decide(with_voltage(monitor, inverter)))[0] == expected


def test_an_implausible_voltage_stops_nothing_at_once_and_everything_in_the_end() -> None:
    question = replace(with_voltage(voltage(0.0)), states=(running(PRIMARY), off(DUMP)))
    first = decide(question)
    assert told(first)[0] == ("keep_running", "running")
    assert first.memory.voltage_implausible_since == NOON
    for second, expected in ((1_800.0, "keep_running"), (1_801.0, "stop")):
        later = replace(
            question,
            snapshot=replace(question.snapshot, at=NOON + timedelta(seconds=second)),
            memory=first.memory,
        )
        assert told(decide(later))[0][0] == expected


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
            {"pv_power_w": Reading(value=8_450.0, unchanged_s=3_600.0)},
            "The solar power has stood at 8 450 for 60 min while others move: it counts as"
            " missing.",
            id="frozen",
        ),
        pytest.param(
            {"battery_voltage_v": None, "inverter_voltage_v": Reading(value=52.3)},
            "The battery monitor's voltage is missing; the inverter's stands in.",
            id="another source",
        ),
    ],
)
def test_what_was_left_out_is_said(changes: dict[str, Any], limit: str) -> None:
    decision = decide(ask(snapshot=replace(snapshot(), **changes)))
    assert decision.limits == (limit,)


def test_solar_missing_counts_as_no_sun_for_those_that_need_it() -> None:
    """The primary goes on with the battery; the dump load, which needs sun, does not."""
    question = ask(
        snapshot=snapshot(voltage_v=55.0, pv_w=None, load_w=0.0, sky=SUNNY),
        states=(running(PRIMARY), running(DUMP)),
    )
    assert told(decide(question)) == [("keep_running", "running"), ("stop", "excess_solar")]


def test_noise_around_zero_is_zero() -> None:
    budget = decide(ask(snapshot=snapshot(pv_w=-50.0, load_w=-3.0))).budget
    assert (budget.pv_power_w, budget.base_load_w) == (0.0, 0.0)


def test_at_night_a_sun_that_stands_still_is_not_frozen() -> None:
    dark = replace(snapshot(), pv_power_w=Reading(value=0.0, unchanged_s=30_000.0))
    assert decide(ask(snapshot=dark)).budget.pv_power_w == 0.0


def test_everything_still_is_nothing_frozen() -> None:
    """Frozen is what stands while others move; where nothing moves the site is at rest."""
    at_rest = replace(
        snapshot(),
        battery_voltage_v=voltage(52.3, still_s=5_000.0),
        pv_power_w=Reading(value=8_450.0, unchanged_s=5_000.0),
        load_power_w=Reading(value=1_850.0, unchanged_s=5_000.0),
    )
    assert told(decide(ask(snapshot=at_rest)))[0] == START


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
    assert told(decision) == [("keep_running", "running"), ("stay_off", "telemetry_stale")]
    assert decision.miners[1].explanation == (
        "Off: the load is unknown; nothing starts on missing data."
    )


def test_without_any_load_the_surplus_counts_as_zero() -> None:
    budget = decide(ask(snapshot=snapshot(load_w=None))).budget
    assert (budget.solar_surplus_w, budget.measured_surplus_w) == (0.0, 0.0)


PLAIN = MinerProfile(
    id="plain",
    name="Plain",
    power_draw_watts=3_000.0,
    start_voltage=50.0,
    stop_voltage=48.0,
    emergency_stop_voltage=46.0,
)


def plain(*, state: MinerState | None = None, picture: Any = None, **changes: Any) -> Decision:
    """One miner with ``changes`` to its profile."""
    profile = replace(PLAIN, **changes)
    return allocate(
        ask(
            snapshot=snapshot() if picture is None else picture,
            miners=(profile,),
            states=(off(profile) if state is None else state,),
        )
    )


@pytest.mark.parametrize(
    ("changes", "picture", "reason"),
    [
        pytest.param({"enabled": False}, {}, "disabled", id="disabled"),
        pytest.param(
            {"prefer_time_start": 13, "prefer_time_end": 18, "allow_outside_schedule": False},
            {},
            "outside_window",
            id="outside its window",
        ),
        pytest.param(
            {"prefer_time_start": 13, "prefer_time_end": 18}, {}, "eligible", id="a preference only"
        ),
        pytest.param(
            {"prefer_time_start": 12, "prefer_time_end": 12, "allow_outside_schedule": False},
            {},
            "eligible",
            id="a window without length is no window",
        ),
        pytest.param({"require_excess_solar": True}, {"pv_w": 4_850.0}, "eligible", id="sun"),
        pytest.param(
            {"require_excess_solar": True}, {"pv_w": 4_849.0}, "excess_solar", id="a watt short"
        ),
        pytest.param(
            {"require_excess_solar": True, "minimum_excess_watts": 3_500.0},
            {"pv_w": 5_349.0},
            "excess_solar",
            id="a watt short of its minimum excess",
        ),
        pytest.param(
            {"require_excess_solar": True},
            {"mean_pv_w": 4_849.0},
            "excess_solar",
            id="ten minutes' mean a watt short",
        ),
        pytest.param(
            {"require_excess_solar": True},
            {"pv_w": 4_849.0, "mean_pv_w": 9_000.0},
            "excess_solar",
            id="the sun now a watt short",
        ),
        pytest.param(
            {"minimum_solar_production_watts": 8_451.0}, {}, "minimum_solar", id="PV a watt short"
        ),
        pytest.param({"minimum_solar_production_watts": 8_450.0}, {}, "eligible", id="PV reached"),
        pytest.param({"require_sunny_weather": True}, {}, "not_sunny", id="weather unknown"),
        pytest.param(
            {"require_sunny_weather": True}, {"sky": Sky(sunny=False)}, "not_sunny", id="cloudy"
        ),
        pytest.param({"require_sunny_weather": True}, {"sky": SUNNY}, "eligible", id="sunny"),
        pytest.param(
            {"operating_mode": MinerMode.OPPORTUNISTIC},
            {"pv_w": 4_849.0},
            "night_reserve",
            id="opportunistic: on sun alone",
        ),
        pytest.param(
            {"operating_mode": MinerMode.OPPORTUNISTIC},
            {"pv_w": 4_850.0},
            "eligible",
            id="opportunistic: the sun carries it",
        ),
    ],
)
def test_conditions_for_a_start(
    changes: dict[str, Any], picture: dict[str, Any], reason: str
) -> None:
    decision = plain(picture=snapshot(**picture), **changes)
    command = "start" if reason == "eligible" else "stay_off"
    assert told(decision) == [(command, reason)]


@pytest.mark.parametrize(
    ("runtime_s", "reason"),
    [(28_799.0, "eligible"), (28_800.0, "maximum_runtime")],
)
def test_maximum_runtime(runtime_s: float, reason: str) -> None:
    state = replace(off(PLAIN), runtime_today_s=runtime_s)
    assert plain(state=state, maximum_runtime_hours=8.0).miners[0].reason == reason


def test_heat_waives_window_and_sun_but_not_voltage_reserve_and_budget() -> None:
    picky: dict[str, Any] = {
        "prefer_time_start": 1,
        "prefer_time_end": 2,
        "allow_outside_schedule": False,
        "require_excess_solar": True,
        "minimum_solar_production_watts": 20_000.0,
        "require_sunny_weather": True,
    }
    cold = replace(off(PLAIN), heat_wanted=True)
    assert told(plain(state=cold, **picky)) == [("start", "heat_wanted")]
    low = snapshot(voltage_v=49.9)
    assert plain(state=cold, picture=low, **picky).miners[0].reason == "below_start_voltage"
    dark = snapshot(pv_w=0.0)
    opportunistic = {**picky, "operating_mode": MinerMode.OPPORTUNISTIC}
    assert plain(state=cold, picture=dark, **opportunistic).miners[0].reason == "night_reserve"
    big = {**picky, "power_draw_watts": 11_601.0}
    assert plain(state=cold, **big).miners[0].reason == "budget"


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        pytest.param("2026-03-08T09:59:00+00:00", "eligible", id="01:59 PST"),
        pytest.param("2026-03-08T10:00:00+00:00", "outside_window", id="spring: 03:00 PDT at once"),
        pytest.param("2026-11-01T08:59:00+00:00", "eligible", id="autumn: 01:59 PDT"),
        pytest.param("2026-11-01T09:30:00+00:00", "eligible", id="01:30 again, PST"),
        pytest.param("2026-11-01T10:00:00+00:00", "eligible", id="02:00 PST"),
        pytest.param("2026-11-01T11:00:00+00:00", "outside_window", id="03:00 PST"),
        pytest.param("2026-07-01T05:59:00+00:00", "outside_window", id="22:59"),
        pytest.param("2026-07-01T06:00:00+00:00", "eligible", id="23:00: it wraps midnight"),
    ],
)
def test_a_window_in_local_hours(at: str, reason: str) -> None:
    """From 23 to 3 o'clock, over midnight and over both changes of daylight saving."""
    decision = plain(
        picture=snapshot(at=datetime.fromisoformat(at)),
        prefer_time_start=23,
        prefer_time_end=3,
        allow_outside_schedule=False,
    )
    assert decision.miners[0].reason == reason


NIGHT = Sky(night_hours=10.0)
HOUSE = Learned(mean_base_load_w=1_000.0)
"""Ten hours of a kilowatt and 15 %: a reserve of 11 500 Wh; usable 15 552 Wh at 52.3 V."""


@pytest.mark.parametrize(
    ("mode", "base_w", "pv_w", "reason"),
    [
        pytest.param("balanced", 1_000.0, 1_850.0, "eligible", id="balanced: 15 552 > 15 340"),
        pytest.param("balanced", 1_020.0, 1_850.0, "night_reserve", id="balanced: under + 8 %"),
        pytest.param("balanced", 1_020.0, 8_450.0, "night_reserve", id="balanced: sun or not"),
        pytest.param("aggressive", 1_225.0, 1_850.0, "eligible", id="aggressive: 15 552 > 15 527"),
        pytest.param("aggressive", 1_230.0, 1_850.0, "night_reserve", id="aggressive: under + 3 %"),
        pytest.param("aggressive", 9_999.0, 8_450.0, "eligible", id="aggressive: the sun carries"),
    ],
)
def test_the_night_reserve_holds_starts_back(
    mode: str, base_w: float, pv_w: float, reason: str
) -> None:
    profile = replace(PLAIN, operating_mode=MinerMode(mode))
    question = ask(
        snapshot=snapshot(pv_w=pv_w, sky=NIGHT),
        learned=Learned(mean_base_load_w=base_w),
        miners=(profile,),
        states=(off(profile),),
    )
    assert decide(question).miners[0].reason == reason
    free = replace(question, preferences=Preferences(night_reserve_enabled=False))
    assert decide(free).miners[0].reason == "eligible"


@pytest.mark.parametrize(
    ("mode", "base_w", "pv_w", "reason"),
    [
        pytest.param("balanced", 1_352.0, 1_850.0, "running", id="balanced: just enough"),
        pytest.param("balanced", 1_353.0, 1_850.0, "night_reserve", id="balanced: below"),
        pytest.param("balanced", 1_353.0, 4_850.0, "running", id="balanced: the sun carries it"),
        pytest.param("aggressive", 1_353.0, 1_850.0, "night_reserve", id="aggressive: below"),
        pytest.param("opportunistic", 0.0, 4_649.0, "night_reserve", id="opportunistic: no sun"),
        pytest.param("opportunistic", 9_999.0, 4_650.0, "running", id="opportunistic: tolerance"),
    ],
)
def test_the_night_reserve_stops_what_runs(
    mode: str, base_w: float, pv_w: float, reason: str
) -> None:
    profile = replace(PLAIN, operating_mode=MinerMode(mode))
    question = ask(
        snapshot=snapshot(pv_w=pv_w, load_w=4_850.0, sky=NIGHT),
        learned=Learned(mean_base_load_w=base_w),
        miners=(profile,),
        states=(running(profile),),
    )
    assert decide(question).miners[0].reason == reason


@pytest.mark.parametrize(
    ("plan_wh", "learned", "expected_wh"),
    [
        pytest.param(None, HOUSE, 11_500.0, id="tonight's need"),
        pytest.param(20_000.0, HOUSE, 20_000.0, id="a plan may raise it"),
        pytest.param(5_000.0, HOUSE, 11_500.0, id="and never lowers it"),
        pytest.param(5_000.0, Learned(), 5_000.0, id="a plan alone"),
        pytest.param(None, Learned(), None, id="unknown"),
    ],
)
def test_reserve_wh(plan_wh: float | None, learned: Learned, expected_wh: float | None) -> None:
    budget = decide(ask(snapshot=snapshot(sky=NIGHT), learned=learned, reserve_wh=plan_wh)).budget
    if expected_wh is None:
        assert budget.reserve_wh is None
    else:
        assert budget.reserve_wh == pytest.approx(expected_wh)


def test_usable_energy_counts_from_the_owners_minimum_or_the_low_voltage() -> None:
    assert decide(ask()).budget.usable_wh == pytest.approx(48_000.0 * 0.324)
    lower = Preferences(soc_minimum_pct=10.0)
    assert decide(ask(preferences=lower)).budget.usable_wh == pytest.approx(48_000.0 * 0.474)


FULL: dict[str, Any] = {"voltage_v": 55.2, "current_a": 10.0, "pv_w": 2_000.0}
SKY = Sky(clear_sky_w=10_000.0, sunny=True, night_hours=10.0)


@pytest.mark.parametrize(
    ("changes", "potential_w", "throttled"),
    [
        pytest.param({}, 8_000.0, True, id="full, tapering, below the sky"),
        pytest.param({"voltage_v": 54.89}, 2_000.0, False, id="below float"),
        pytest.param({"current_a": 94.0}, 2_000.0, False, id="it still takes a tenth of an hour"),
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
    budget = decide(ask(snapshot=picture, learned=Learned(clear_sky_ratio=0.8))).budget
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
    assert told(decision) == [("start", "eligible")]
    assert decision.memory.miners == ((DUMP.id, MinerMemory(potential_started_at=NOON)),)
    assert decision.limits == (
        (
            "The battery is full and holds the sun back: 8 000 W could be had, 6 000 W of the"
            " surplus is not measured yet."
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
        preferences=Preferences(battery_discharge_allowance_w=0.0),
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
    assert told(decide(crowd(*entries))) == expected


def test_the_owner_may_allow_more_starts_per_cycle() -> None:
    question = crowd(("A", 1, 1_000.0, False), ("B", 2, 1_000.0, False), ("C", 3, 1_000.0, False))
    allowed = replace(question, preferences=replace(question.preferences, max_starts_per_cycle=2))
    assert [command for command, _ in told(decide(allowed))] == ["start", "start", "stay_off"]


def test_a_preferred_window_goes_ahead_of_equals() -> None:
    question = crowd(("A", 1, 2_000.0, False), ("B", 1, 2_000.0, False), ("C", 2, 900.0, False))
    a, b, c = question.miners
    preferring = replace(b, prefer_time_start=10, prefer_time_end=14)
    assert told(decide(replace(question, miners=(a, preferring, c)))) == [
        ("stay_off", "budget"),
        ("start", "eligible"),
        ("stay_off", "one_start_per_cycle"),
    ]


def test_a_state_that_is_missing_is_unknown() -> None:
    assert told(decide(replace(crowd(("A", 1, 1_000.0, True)), states=()))) == [
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
    assert told(decide(replace(question, states=(a, young)))) == [
        ("stay_off", "waits_for_minimum_on"),
        ("keep_running", "running"),
    ]
    old = replace(b, since=NOON - timedelta(seconds=900))
    assert told(decide(replace(question, states=(a, old)))) == [
        ("start", "eligible"),
        ("stop", "shed"),
    ]


def test_every_refusal_of_the_example_says_what_would_change_it() -> None:
    question = crowd(("A", 1, 2_000.0, True), ("B", 2, 1_310.0, False))
    b = of(allocate(question), question.miners[1])
    assert b.explanation == "Off: it needs 1 310 W and 1 000 W of the budget are left."
    assert b.would_change == "starts when 310 W more are free for 5 min"


def test_the_question_comes_back_with_the_answer() -> None:
    question = ask()
    assert decide(question).inputs is question


@pytest.mark.parametrize(
    ("monitor", "inverter", "frozen"),
    [
        pytest.param(voltage(55.0, still_s=3_600.0), None, True, id="one sensor alone"),
        pytest.param(voltage(55.0, still_s=3_600.0), voltage(55.5), False, id="confirmed"),
        pytest.param(voltage(55.0, still_s=3_600.0), voltage(55.51), True, id="contradicted"),
        pytest.param(
            voltage(55.0, still_s=3_600.0), voltage(55.0, age_s=901.0), True, id="by an old one"
        ),
        pytest.param(voltage(55.0, still_s=3_599.0), voltage(53.0), False, id="not long enough"),
    ],
)
def test_a_voltage_held_for_hours_is_frozen_unless_a_second_sensor_confirms_it(
    monitor: Reading, inverter: Reading | None, *, frozen: bool
) -> None:
    picture = replace(snapshot(), battery_voltage_v=monitor, inverter_voltage_v=inverter)
    assert is_frozen(monitor, picture) is frozen


def test_agreeing_voltages_confirm_no_other_sensor() -> None:
    sun = Reading(value=8_450.0, unchanged_s=3_600.0)
    picture = replace(snapshot(), pv_power_w=sun, inverter_voltage_v=voltage(52.3))
    assert is_frozen(sun, picture) is True
