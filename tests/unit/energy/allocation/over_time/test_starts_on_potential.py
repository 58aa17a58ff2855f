"""Starts on sun that a full battery held back: it has to come, or the estimate is lowered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from energy.allocation.allocator import allocate
from energy.allocation.decision import AllocationInput
from energy.allocation.supply.pv_potential import factor_now
from energy.site.miners import ControlMemory, Learned, MinerMemory
from energy.site.snapshot import Sky, Snapshot
from tests.fakes.sites.allocator_site import NOON, PRIMARY, Story, snapshot
from tests.fakes.sites.miner_over_time import SOLAR, Row, assert_steps

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
    assert_steps(
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
    assert_steps(story, STARTS_ON_POTENTIAL)
    told = [story.step(second, before) for second in (360, 420, 480, 540)]
    assert {command for command, _ in told} == {"keep_running"}
    assert dict(story.memory.miners)[SOLAR.id].potential_started_at is not None
    told = [story.step(second, after) for second in (600, 660, 719)]
    assert {command for command, _ in told} == {"keep_running"}
    assert story.step(720, after) == ("stop", "potential_not_met")


def test_a_missing_reading_is_waited_for() -> None:
    story = solar_story()
    assert_steps(story, STARTS_ON_POTENTIAL)
    for second in (360, 600):
        picture = replace(discharging(2_000.0), battery_current_a=None)
        assert story.step(second, picture)[1] != "potential_not_met"
    assert story.step(660, discharging(2_000.0)) == ("stop", "potential_not_met")


def test_that_stop_does_not_wait_for_the_minimum_on_time() -> None:
    story = solar_story()
    assert_steps(story, STARTS_ON_POTENTIAL)
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
    assert_steps(story, [*STARTS_ON_POTENTIAL, (420, full(3_500.0), "keep_running", "running")])
    started = MinerMemory(
        potential_started_at=NOON + timedelta(seconds=300),
        potential_drawn_since=NOON + timedelta(seconds=420),
    )
    assert dict(story.memory.miners) == {SOLAR.id: started}
    assert_steps(story, [(600, full(4_000.0), "keep_running", "running")])
    assert story.memory.miners == ()


def test_while_it_boots_nothing_is_proven() -> None:
    """It draws its power only after minutes: then the sun has to come, not before."""
    story = solar_story()
    assert_steps(story, STARTS_ON_POTENTIAL)
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
