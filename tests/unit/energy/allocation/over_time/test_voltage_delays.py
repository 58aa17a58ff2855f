"""Voltages that start and stop, over time: each has to hold; a safety stop waits for nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from energy.site.snapshot import Snapshot
from tests.fakes.sites.allocator_site import MINER, Story, off, snapshot
from tests.fakes.sites.miner_over_time import assert_steps, at, on_for


def test_a_start_waits_five_minutes_at_its_voltage() -> None:
    assert_steps(
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
    assert_steps(
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
    assert_steps(
        Story(profile=MINER, state=on_for(3_600)),
        [
            (0, at(50.0), "keep_running", "running"),
            (60, at(49.99), "keep_running", "stop_hysteresis"),
            (179, at(49.9), "keep_running", "stop_hysteresis"),
            (180, at(49.9), "stop", "below_stop_voltage"),
        ],
    )


def test_a_short_dip_stops_nothing() -> None:
    assert_steps(
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
    assert_steps(
        Story(profile=MINER), [(s, between, "stay_off", "below_start_voltage") for s in (0, 600)]
    )
    assert_steps(
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
    assert_steps(
        Story(profile=MINER, state=on_for(60)),
        [(0, at(52.0), "keep_running", "running"), (60, picture, "stop", reason)],
    )


def test_the_lockout_holds_until_the_restart_voltage() -> None:
    miner = replace(MINER, start_voltage=48.0, stop_voltage=47.0)
    assert_steps(
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


def test_a_device_that_falls_silent_keeps_its_stop_clock() -> None:
    story = Story(profile=MINER, state=on_for(3_600))
    assert story.step(0, at(49.0)) == ("keep_running", "stop_hysteresis")
    known, story.state = story.state, replace(off(MINER), is_on=None)
    assert story.step(60, at(49.0)) == ("stay_off", "device_unknown")
    story.state = known
    assert story.step(120, at(49.0)) == ("stop", "below_stop_voltage")


def test_a_silent_device_is_stopped_all_the_same_when_the_battery_needs_it() -> None:
    assert_steps(
        Story(profile=MINER, state=replace(off(MINER), is_on=None)),
        [
            (0, at(53.0), "stay_off", "device_unknown"),
            (60, at(46.0), "stop", "emergency_voltage"),
        ],
    )
