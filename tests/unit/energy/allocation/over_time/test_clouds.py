"""Clouds and kettles over time: means and delays switch nothing for what passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from tests.fakes.sites.allocator_site import MINER, WITHOUT_RESERVE, Story
from tests.fakes.sites.miner_over_time import SOLAR, SUN_ALONE, Row, assert_steps, at, on_for


def test_a_condition_that_ceases_stops_after_two_minutes() -> None:
    """Without sun for long, so that the mean of twenty minutes doesn't carry it either."""
    assert_steps(
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
    assert_steps(story, rows)
    later = [story.step(minute * 60.0, at(53.0, pv_w=3_000.0)) for minute in range(22, 40)]
    assert later[-1][0] == "stay_off"
    assert ("keep_running", "stop_hysteresis") in later


def test_a_kettle_is_no_cloud() -> None:
    """The house takes 3 000 W more for three minutes: the mean of the surplus still carries."""
    story = Story(profile=SUN_ALONE, state=on_for(3_600), preferences=Preferences())
    assert_steps(
        story, [(s * 60.0, at(53.0, pv_w=5_000.0), "keep_running", "running") for s in range(9)]
    )
    story.house_w = 4_000.0
    assert_steps(
        story, [(s * 60.0, at(53.0, pv_w=5_000.0), "keep_running", "running") for s in (9, 10, 11)]
    )


def test_a_start_needs_the_sun_on_the_mean_of_ten_minutes() -> None:
    story = Story(profile=SOLAR)
    for minute in range(10):
        assert story.step(minute * 60.0, at(53.0, pv_w=2_000.0))[0] == "stay_off"
    told = [story.step(minute * 60.0, at(53.0, pv_w=6_000.0))[0] for minute in range(10, 17)]
    assert told == ["stay_off"] * 4 + ["start"] + ["keep_running"] * 2


def test_a_cloud_shorter_than_two_minutes_stops_nothing() -> None:
    assert_steps(
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
    assert_steps(
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
    assert_steps(
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
    assert_steps(
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
