"""What the allocator remembers, as time series: the row before a delay ends, and the row after.

Each row is (seconds since the start, picture, expected command, expected reason).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput
from energy.allocation.supply.pv_potential import factor_now
from energy.site.miners import (
    ControlMemory,
    Learned,
    MinerMemory,
    MinerMode,
    MinerProfile,
    MinerState,
)
from energy.site.preferences import Preferences
from energy.site.snapshot import Sky, Snapshot
from tests.fakes.sites.allocator_site import (
    NOON,
    PRIMARY,
    WITHOUT_RESERVE,
    Story,
    off,
    running,
    snapshot,
)

MINER = MinerProfile(
    id="m",
    name="Miner",
    power_draw_watts=3_000.0,
    start_voltage=52.0,
    stop_voltage=50.0,
    emergency_stop_voltage=46.0,
)
Row = tuple[float, Snapshot, str, str]
SOLAR = replace(MINER, require_excess_solar=True)
SUN_ALONE = replace(MINER, operating_mode=MinerMode.OPPORTUNISTIC)


def at(voltage_v: float, **changes: Any) -> Snapshot:
    return snapshot(**{"voltage_v": voltage_v, "pv_w": 9_000.0, **changes})


def assert_told(story: Story, rows: list[Row]) -> None:
    told = [(second, *story.step(second, picture)) for second, picture, _, _ in rows]
    assert told == [(second, command, reason) for second, _, command, reason in rows]


def on_for(seconds: float) -> MinerState:
    return replace(running(MINER), since=NOON - timedelta(seconds=seconds))


def test_a_start_waits_five_minutes_at_its_voltage() -> None:
    assert_told(
        Story(profile=MINER),
        [
            (0, at(51.99), "stay_off", "below_start_voltage"),
            (60, at(52.0), "stay_off", "start_hysteresis"),
            (359, at(52.5), "stay_off", "start_hysteresis"),
            (360, at(52.0), "start", "eligible"),
            (420, at(51.5), "keep_running", "running"),
        ],
    )


def test_a_dip_starts_the_five_minutes_anew() -> None:
    assert_told(
        Story(profile=MINER),
        [
            (0, at(52.0), "stay_off", "start_hysteresis"),
            (240, at(51.9), "stay_off", "below_start_voltage"),
            (300, at(52.0), "stay_off", "start_hysteresis"),
            (599, at(52.0), "stay_off", "start_hysteresis"),
            (600, at(52.0), "start", "eligible"),
        ],
    )


def test_a_stop_waits_two_minutes_below_its_voltage() -> None:
    assert_told(
        Story(profile=MINER, state=on_for(3_600)),
        [
            (0, at(50.0), "keep_running", "running"),
            (60, at(49.99), "keep_running", "stop_hysteresis"),
            (179, at(49.9), "keep_running", "stop_hysteresis"),
            (180, at(49.9), "stop", "below_stop_voltage"),
        ],
    )


def test_a_short_dip_stops_nothing() -> None:
    assert_told(
        Story(profile=MINER, state=on_for(3_600)),
        [
            (0, at(49.9), "keep_running", "stop_hysteresis"),
            (119, at(49.9), "keep_running", "stop_hysteresis"),
            (120, at(50.0), "keep_running", "running"),
            (180, at(49.9), "keep_running", "stop_hysteresis"),
            (299, at(49.9), "keep_running", "stop_hysteresis"),
            (300, at(49.9), "stop", "below_stop_voltage"),
        ],
    )


def test_between_stop_and_start_voltage_everything_stays_as_it_is() -> None:
    between = at(51.0)
    assert_told(
        Story(profile=MINER), [(s, between, "stay_off", "below_start_voltage") for s in (0, 600)]
    )
    assert_told(
        Story(profile=MINER, state=on_for(3_600)),
        [(s, between, "keep_running", "running") for s in (0, 600)],
    )


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        pytest.param(at(46.0), "emergency_voltage", id="emergency voltage"),
        pytest.param(at(45.0), "voltage_critical", id="critical voltage"),
        pytest.param(snapshot(voltage_v=None), "telemetry_lost", id="telemetry lost"),
    ],
)
def test_a_safety_stop_waits_for_nothing(picture: Snapshot, reason: str) -> None:
    assert_told(
        Story(profile=MINER, state=on_for(60)),
        [(0, at(52.0), "keep_running", "running"), (60, picture, "stop", reason)],
    )


def test_the_lockout_holds_until_the_restart_voltage() -> None:
    miner = replace(MINER, start_voltage=48.0, stop_voltage=47.0)
    assert_told(
        Story(profile=miner),
        [
            (0, at(47.0), "stay_off", "voltage_low"),
            (60, at(48.5), "stay_off", "low_voltage_lockout"),
            (3_600, at(49.99), "stay_off", "low_voltage_lockout"),
            (3_660, at(50.0), "stay_off", "start_hysteresis"),
            (3_959, at(49.0), "stay_off", "start_hysteresis"),
            (3_960, at(49.0), "start", "eligible"),
        ],
    )


def test_minimum_on_time_against_a_stop_that_may_wait() -> None:
    """On for 700 s; the stop's two minutes are over at 120, its fifteen minutes on at 200."""
    assert_told(
        Story(profile=SOLAR, state=on_for(700)),
        [
            (0, at(53.0, pv_w=3_000.0), "keep_running", "stop_hysteresis"),
            (120, at(53.0, pv_w=3_000.0), "keep_running", "minimum_on_time"),
            (199, at(53.0, pv_w=3_000.0), "keep_running", "minimum_on_time"),
            (200, at(53.0, pv_w=3_000.0), "stop", "excess_solar"),
        ],
    )


def test_no_minimum_on_time_against_a_stop_below_the_stop_voltage() -> None:
    assert_told(
        Story(profile=MINER, state=on_for(700)),
        [
            (0, at(49.9), "keep_running", "stop_hysteresis"),
            (119, at(49.9), "keep_running", "stop_hysteresis"),
            (120, at(49.9), "stop", "below_stop_voltage"),
        ],
    )


def test_no_minimum_on_time_against_a_stop_for_the_night_reserve() -> None:
    """Its window is over as well, which alone would wait for the fifteen minutes."""
    miner = replace(MINER, prefer_time_start=0, prefer_time_end=1, allow_outside_schedule=False)
    night = Story(
        profile=miner,
        state=on_for(700),
        learned=Learned(mean_base_load_w=4_000.0),
        preferences=Preferences(),
    )
    dark = replace(at(51.0, pv_w=0.0), sky=Sky(clear_sky_w=0.0, night_hours=12.0))
    assert_told(
        night,
        [
            (0, dark, "keep_running", "stop_hysteresis"),
            (119, dark, "keep_running", "stop_hysteresis"),
            (120, dark, "stop", "night_reserve"),
        ],
    )


def test_minimum_off_time_of_ten_minutes() -> None:
    state = replace(off(MINER), since=NOON)
    assert_told(
        Story(profile=MINER, state=state),
        [
            (0, at(53.0), "stay_off", "start_hysteresis"),
            (300, at(53.0), "stay_off", "minimum_off_time"),
            (599, at(53.0), "stay_off", "minimum_off_time"),
            (600, at(53.0), "start", "eligible"),
        ],
    )


def test_minimum_times_are_each_miners_own() -> None:
    miner = replace(SOLAR, minimum_off_minutes=30.0, minimum_on_minutes=60.0)
    assert_told(
        Story(profile=miner, state=replace(off(miner), since=NOON)),
        [
            (0, at(53.0), "stay_off", "start_hysteresis"),
            (1_799, at(53.0), "stay_off", "minimum_off_time"),
            (1_800, at(53.0), "start", "eligible"),
            (3_300, at(53.0, pv_w=1_000.0), "keep_running", "stop_hysteresis"),
            (5_399, at(53.0, pv_w=1_000.0), "keep_running", "minimum_on_time"),
            (5_400, at(53.0, pv_w=1_000.0), "stop", "excess_solar"),
        ],
    )


def test_a_condition_that_ceases_stops_after_two_minutes() -> None:
    """Without sun for long, so that the mean of twenty minutes doesn't carry it either."""
    assert_told(
        Story(profile=SOLAR, state=on_for(3_600)),
        [
            (0, at(53.0, pv_w=3_800.0), "keep_running", "running"),
            (60, at(53.0, pv_w=3_799.0), "keep_running", "stop_hysteresis"),
            (179, at(53.0, pv_w=3_000.0), "keep_running", "stop_hysteresis"),
            (180, at(53.0, pv_w=3_000.0), "stop", "excess_solar"),
        ],
    )


@pytest.mark.parametrize("profile", [SOLAR, SUN_ALONE], ids=["excess solar", "opportunistic"])
def test_what_runs_on_sun_is_carried_on_the_mean_of_twenty_minutes(profile: MinerProfile) -> None:
    """6 000 W free for ten minutes, 2 000 W for ten: 4 000 W in the mean carry it."""
    impatient = Preferences(sun_delay_minutes=0.0)
    story = Story(profile=profile, state=on_for(3_600), preferences=impatient)
    rows: list[Row] = [
        (
            minute * 60.0,
            at(53.0, pv_w=7_000.0 if minute < 10 else 3_000.0),
            "keep_running",
            "running",
        )
        for minute in range(22)
    ]
    assert_told(story, rows)
    later = [story.step(minute * 60.0, at(53.0, pv_w=3_000.0)) for minute in range(22, 40)]
    assert later[-1][0] == "stay_off"
    assert ("keep_running", "stop_hysteresis") in later


def test_a_kettle_is_no_cloud() -> None:
    """The house takes 3 000 W more for three minutes: the mean of the surplus still carries."""
    story = Story(profile=SUN_ALONE, state=on_for(3_600), preferences=Preferences())
    assert_told(
        story, [(s * 60.0, at(53.0, pv_w=5_000.0), "keep_running", "running") for s in range(9)]
    )
    story.house_w = 4_000.0
    assert_told(
        story, [(s * 60.0, at(53.0, pv_w=5_000.0), "keep_running", "running") for s in (9, 10, 11)]
    )


def test_a_start_needs_the_sun_on_the_mean_of_ten_minutes() -> None:
    story = Story(profile=SOLAR)
    for minute in range(10):
        assert story.step(minute * 60.0, at(53.0, pv_w=2_000.0))[0] == "stay_off"
    told = [story.step(minute * 60.0, at(53.0, pv_w=6_000.0))[0] for minute in range(10, 17)]
    assert told == ["stay_off"] * 4 + ["start"] + ["keep_running"] * 2


def test_a_cloud_shorter_than_two_minutes_stops_nothing() -> None:
    assert_told(
        Story(profile=SOLAR, state=on_for(3_600)),
        [
            (0, at(53.0, pv_w=1_000.0), "keep_running", "stop_hysteresis"),
            (119, at(53.0, pv_w=1_000.0), "keep_running", "stop_hysteresis"),
            (120, at(53.0, pv_w=4_000.0), "keep_running", "running"),
            (180, at(53.0, pv_w=1_000.0), "keep_running", "stop_hysteresis"),
            (299, at(53.0, pv_w=1_000.0), "keep_running", "stop_hysteresis"),
        ],
    )


def test_a_hole_in_the_clouds_starts_nothing() -> None:
    """The sun now would do; the mean of ten minutes has to reach it, too."""
    assert_told(
        Story(profile=SOLAR),
        [
            (0, at(53.0, mean_pv_w=2_000.0), "stay_off", "excess_solar"),
            (300, at(53.0, mean_pv_w=3_999.0), "stay_off", "excess_solar"),
            (360, at(53.0, mean_pv_w=4_000.0), "start", "eligible"),
        ],
    )


FRUGAL = replace(WITHOUT_RESERVE, battery_discharge_allowance_w=0.0)


def test_the_budgets_tolerance_and_its_delay() -> None:
    """No battery: 4 000 W for house and miner; noise of 200 W and short clouds switch nothing."""
    assert_told(
        Story(profile=MINER, state=on_for(3_600), preferences=FRUGAL),
        [
            (0, at(53.0, pv_w=4_000.0), "keep_running", "running"),
            (60, at(53.0, pv_w=3_999.0), "keep_running", "budget_tolerance"),
            (120, at(53.0, pv_w=3_800.0), "keep_running", "budget_tolerance"),
            (180, at(53.0, pv_w=3_799.0), "keep_running", "budget_delay"),
            (330, at(53.0, pv_w=4_000.0), "keep_running", "running"),
            (390, at(53.0, pv_w=1_000.0), "keep_running", "budget_delay"),
            (989, at(53.0, pv_w=1_000.0), "keep_running", "budget_delay"),
            (990, at(53.0, pv_w=1_000.0), "stop", "budget"),
        ],
    )


def test_the_budgets_delay_is_a_setting() -> None:
    hasty = replace(FRUGAL, budget_delay_minutes=1.0)
    assert_told(
        Story(profile=MINER, state=on_for(3_600), preferences=hasty),
        [
            (0, at(53.0, pv_w=1_000.0), "keep_running", "budget_delay"),
            (59, at(53.0, pv_w=1_000.0), "keep_running", "budget_delay"),
            (60, at(53.0, pv_w=1_000.0), "stop", "budget"),
        ],
    )


def test_a_battery_that_may_not_lend_the_difference_waits_for_nothing() -> None:
    """House and miner would take 3 000 W of it, a watt more than it may give."""
    weak = replace(FRUGAL, max_battery_discharge_w=2_999.0)
    story = Story(profile=MINER, state=on_for(3_600), preferences=weak)
    assert story.step(0, at(53.0, pv_w=1_000.0)) == ("stop", "budget")


def test_maximum_runtime_stops_after_two_minutes() -> None:
    miner = replace(MINER, maximum_runtime_hours=1.0)
    story = Story(profile=miner, state=replace(on_for(3_590), runtime_today_s=3_599.0))
    assert story.step(0, at(53.0)) == ("keep_running", "running")
    assert story.state is not None
    story.state = replace(story.state, runtime_today_s=3_600.0)
    assert_told(
        story,
        [
            (10, at(53.0), "keep_running", "stop_hysteresis"),
            (129, at(53.0), "keep_running", "stop_hysteresis"),
            (130, at(53.0), "stop", "maximum_runtime"),
        ],
    )


def test_a_device_that_falls_silent_keeps_its_stop_clock() -> None:
    story = Story(profile=MINER, state=on_for(3_600))
    assert story.step(0, at(49.0)) == ("keep_running", "stop_hysteresis")
    known, story.state = story.state, replace(off(MINER), is_on=None)
    assert story.step(60, at(49.0)) == ("stay_off", "device_unknown")
    story.state = known
    assert story.step(120, at(49.0)) == ("stop", "below_stop_voltage")


def test_a_silent_device_is_stopped_all_the_same_when_the_battery_needs_it() -> None:
    assert_told(
        Story(profile=MINER, state=replace(off(MINER), is_on=None)),
        [
            (0, at(53.0), "stay_off", "device_unknown"),
            (60, at(46.0), "stop", "emergency_voltage"),
        ],
    )


# --- sun that a full battery held back ------------------------------------------------------------

SKY = Sky(clear_sky_w=10_000.0, sunny=True)
LEARNED = Learned(clear_sky_ratio=0.8)


def full(pv_w: float, *, age_s: float = 0.0) -> Snapshot:
    """Full and throttled: 8 000 W could be had."""
    return aged(snapshot(voltage_v=56.2, current_a=5.0, pv_w=pv_w, sky=SKY), age_s)


def discharging(pv_w: float, *, age_s: float = 0.0) -> Snapshot:
    """The battery pays for what the sun doesn't give."""
    return aged(snapshot(voltage_v=54.0, current_a=-50.0, pv_w=pv_w, sky=SKY), age_s)


def aged(picture: Snapshot, age_s: float) -> Snapshot:
    """Voltage, current and sun as they were ``age_s`` ago."""
    readings = {
        name: replace(getattr(picture, name), age_s=age_s)
        for name in ("battery_voltage_v", "battery_current_a", "pv_power_w")
    }
    return replace(picture, **readings)


def solar_story() -> Story:
    return Story(profile=SOLAR, learned=LEARNED)


STARTS_ON_POTENTIAL: list[Row] = [
    (0, full(1_000.0), "stay_off", "excess_solar"),
    (300, full(1_000.0), "start", "eligible"),
]


def test_a_start_on_potential_that_is_not_met_is_stopped_and_the_estimate_lowered() -> None:
    """It draws from 360 on: three minutes later the sun has to be there."""
    story = solar_story()
    assert_told(
        story,
        [
            *STARTS_ON_POTENTIAL,
            (360, discharging(2_000.0), "keep_running", "stop_hysteresis"),
            (539, discharging(2_000.0), "keep_running", "minimum_on_time"),
            (540, discharging(2_000.0), "stop", "potential_not_met"),
        ],
    )
    lowered_at = NOON + timedelta(seconds=540)
    assert story.memory.miners == ()
    assert (story.memory.potential_factor, story.memory.potential_lowered_at) == (0.25, lowered_at)
    later = replace(full(1_000.0), at=NOON + timedelta(seconds=600))
    budget = allocate(
        AllocationInput(
            snapshot=later,
            miners=(SOLAR,),
            states=(),
            learned=LEARNED,
            memory=story.memory,
            conditions_have_held=True,
        )
    ).budget
    assert budget.pv_potential_w == pytest.approx(8_000.0 * (0.25 + 0.75 * 60.0 / 3_600.0))


def test_the_test_waits_for_readings_that_were_taken_after_the_miner_drew() -> None:
    """Readings are three minutes old: those of the first minutes show the sun before the draw."""
    story = solar_story()
    before, after = full(1_000.0, age_s=180.0), discharging(2_000.0, age_s=180.0)
    assert_told(story, STARTS_ON_POTENTIAL)
    told = [story.step(second, before) for second in (360, 420, 480, 540)]
    assert {command for command, _ in told} == {"keep_running"}
    assert dict(story.memory.miners)[SOLAR.id].potential_started_at is not None
    told = [story.step(second, after) for second in (600, 660, 719)]
    assert {command for command, _ in told} == {"keep_running"}
    assert story.step(720, after) == ("stop", "potential_not_met")


def test_a_missing_reading_is_waited_for() -> None:
    story = solar_story()
    assert_told(story, STARTS_ON_POTENTIAL)
    for second in (360, 600):
        picture = replace(discharging(2_000.0), battery_current_a=None)
        assert story.step(second, picture)[1] != "potential_not_met"
    assert story.step(660, discharging(2_000.0)) == ("stop", "potential_not_met")


def test_that_stop_does_not_wait_for_the_minimum_on_time() -> None:
    story = solar_story()
    assert_told(story, STARTS_ON_POTENTIAL)
    story.step(360, discharging(2_000.0))
    question = AllocationInput(
        snapshot=replace(discharging(2_000.0), at=NOON + timedelta(seconds=540)),
        miners=(SOLAR,),
        states=(() if story.state is None else (story.state,)),
        learned=LEARNED,
        memory=story.memory,
    )
    assert allocate(question).miners[0].urgent is True


def test_a_start_on_potential_that_is_met_runs_on_and_is_forgotten() -> None:
    story = solar_story()
    assert_told(story, [*STARTS_ON_POTENTIAL, (420, full(3_500.0), "keep_running", "running")])
    started = MinerMemory(
        potential_started_at=NOON + timedelta(seconds=300),
        potential_drawn_since=NOON + timedelta(seconds=420),
    )
    assert dict(story.memory.miners) == {SOLAR.id: started}
    assert_told(story, [(600, full(4_000.0), "keep_running", "running")])
    assert story.memory.miners == ()


def test_while_it_boots_nothing_is_proven() -> None:
    """It draws its power only after minutes: then the sun has to come, not before."""
    story = solar_story()
    assert_told(story, STARTS_ON_POTENTIAL)
    assert story.state is not None
    story.state = replace(story.state, power_w=100.0)
    assert story.step(600, full(1_100.0)) == ("keep_running", "running")
    story.state = replace(story.state, power_w=3_000.0)
    assert story.step(660, discharging(2_000.0))[1] != "potential_not_met"
    assert story.step(840, discharging(2_000.0)) == ("stop", "potential_not_met")


def test_a_miner_that_the_battery_may_carry_is_not_started_on_potential() -> None:
    story = Story(profile=PRIMARY, learned=LEARNED)
    assert story.step(0, full(1_000.0)) == ("stay_off", "start_hysteresis")
    assert story.step(300, full(1_000.0)) == ("start", "eligible")
    assert story.memory.miners == ()


@pytest.mark.parametrize(
    ("second", "expected"),
    [(0.0, 0.4), (1_800.0, 0.7), (3_599.0, 0.9998333), (3_600.0, 1.0), (7_200.0, 1.0)],
)
def test_the_lowered_estimate_recovers_within_an_hour(second: float, expected: float) -> None:
    memory = ControlMemory(potential_factor=0.4, potential_lowered_at=NOON)
    assert factor_now(memory, NOON + timedelta(seconds=second)) == pytest.approx(expected)
