"""Simulated miners and relays: boot, power cuts, auto-off timers, the warmth of their room."""

from __future__ import annotations

import pytest

from simulator.physics.devices import Device, Relay
from simulator.physics.room import Room
from simulator.physics.site_plan import DevicePlan, RoomPlan

MINER = DevicePlan(slug="primary", name="Primary", kind="miner", power_w=3_878.0, zone="room")


def test_a_miner_boots_for_minutes_ramps_up_and_stops_at_once() -> None:
    miner = Device(MINER, seed=3)
    assert miner.step(powered=True, dt_s=10.0) == 0.0
    miner.relay.set(on=True, at_s=0.0, toggle_after_s=None, source="test")
    watts = [miner.step(powered=True, dt_s=10.0) for _ in range(60)]
    boot_steps = watts.count(MINER.boot_power_w)
    assert 12 <= boot_steps <= 48
    assert boot_steps == int(miner.boot_s // 10.0)
    ramp = watts[boot_steps : boot_steps + 9]
    assert ramp == sorted(ramp)
    assert watts[-1] == pytest.approx(3_878.0, rel=0.01)
    assert miner.is_hashing
    miner.relay.set(on=False, at_s=600.0, toggle_after_s=None, source="test")
    assert miner.step(powered=True, dt_s=10.0) == 0.0
    assert not miner.is_hashing


def test_a_power_cut_ends_the_miner_and_it_boots_anew() -> None:
    miner = Device(MINER, seed=3)
    miner.relay.set(on=True, at_s=0.0, toggle_after_s=None, source="test")
    for _ in range(100):
        miner.step(powered=True, dt_s=10.0)
    assert miner.step(powered=False, dt_s=10.0) == 0.0
    assert miner.step(powered=True, dt_s=10.0) == MINER.boot_power_w
    assert miner.starts == 2


@pytest.mark.parametrize(
    ("after_s", "is_on"),
    [
        pytest.param(299.9, True, id="one step before it ends"),
        pytest.param(300.0, False, id="when it ends"),
        pytest.param(9_000.0, False, id="long after"),
    ],
)
def test_auto_off_timer(after_s: float, is_on: bool) -> None:
    relay = Relay()
    assert relay.set(on=True, at_s=1_000.0, toggle_after_s=300.0, source="test") is False
    relay.expire(1_000.0 + after_s)
    assert relay.is_on is is_on


def test_a_renewed_timer_counts_from_the_renewal() -> None:
    relay = Relay()
    relay.set(on=True, at_s=0.0, toggle_after_s=300.0, source="test")
    assert relay.set(on=True, at_s=200.0, toggle_after_s=300.0, source="test") is True
    relay.expire(499.0)
    assert (relay.is_on, relay.switched_s, relay.timer_started_s) == (True, 0.0, 200.0)
    relay.expire(500.0)
    assert (relay.is_on, relay.switched_s, relay.timer_started_s) == (False, 500.0, None)
    assert relay.source == "timer"


def test_a_command_without_timer_disarms() -> None:
    relay = Relay()
    relay.set(on=True, at_s=0.0, toggle_after_s=300.0, source="test")
    relay.set(on=True, at_s=10.0, toggle_after_s=None, source="test")
    relay.expire(10_000.0)
    assert relay.is_on


def test_a_room_warms_with_a_miner_and_cools_with_its_fan() -> None:
    room = Room(RoomPlan(slug="room", name="Room"))
    for _ in range(600):
        room.step(heat_w=3_878.0, fan_share=0.0, outside_c=20.0, dt_s=60.0)
    assert room.temperature_c == pytest.approx(20.0 + 3_878.0 / 150.0, abs=0.1)
    for _ in range(600):
        room.step(heat_w=3_878.0, fan_share=1.0, outside_c=20.0, dt_s=60.0)
    assert room.temperature_c == pytest.approx(20.0 + 3_878.0 / 600.0, abs=0.1)
