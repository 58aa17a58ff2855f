"""Minimum on and off times, and the longest time of a day: what they delay, and what not."""

from __future__ import annotations

from dataclasses import replace

from energy.site.miners import Learned
from energy.site.preferences import Preferences
from energy.site.snapshot import Sky
from tests.fakes.sites.allocator_site import MINER, NOON, Story, off
from tests.fakes.sites.miner_over_time import SOLAR, assert_steps, at, on_for


def test_minimum_on_time_against_a_stop_that_may_wait() -> None:
    """On for 700 s; the stop's two minutes are over at 120, its fifteen minutes on at 200."""
    assert_steps(
        Story(profile=SOLAR, state=on_for(700)),
        [
            (0, at(53.0, pv_w=3_000.0), "keep_running", "stop_hysteresis"),
            (120, at(53.0, pv_w=3_000.0), "keep_running", "minimum_on_time"),
            (199, at(53.0, pv_w=3_000.0), "keep_running", "minimum_on_time"),
            (200, at(53.0, pv_w=3_000.0), "stop", "excess_solar"),
        ],
    )


def test_no_minimum_on_time_against_a_stop_below_the_stop_voltage() -> None:
    assert_steps(
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
    assert_steps(
        night,
        [
            (0, dark, "keep_running", "stop_hysteresis"),
            (119, dark, "keep_running", "stop_hysteresis"),
            (120, dark, "stop", "night_reserve"),
        ],
    )


def test_minimum_off_time_of_ten_minutes() -> None:
    state = replace(off(MINER), since=NOON)
    assert_steps(
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
    assert_steps(
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


def test_maximum_runtime_stops_after_two_minutes() -> None:
    miner = replace(MINER, maximum_runtime_hours=1.0)
    story = Story(profile=miner, state=replace(on_for(3_590), runtime_today_s=3_599.0))
    assert story.step(0, at(53.0)) == ("keep_running", "running")
    assert story.state is not None
    story.state = replace(story.state, runtime_today_s=3_600.0)
    assert_steps(
        story,
        [
            (10, at(53.0), "keep_running", "stop_hysteresis"),
            (129, at(53.0), "keep_running", "stop_hysteresis"),
            (130, at(53.0), "stop", "maximum_runtime"),
        ],
    )
