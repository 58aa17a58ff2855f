"""What every switch promises, told once: scripted, simulated in the process, and over the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from services.errors import VendorError
from services.ports import Switch
from simulator.site import SimulatedSite
from tests.fakes.clock import EPOCH, SteppingClock
from tests.fakes.reference_site import SimulatedSwitch
from tests.fakes.scripted_switch import Mode, ScriptedSwitch


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A switch of a load that draws watts at once, and how to move its time or silence it."""

    switch: Switch
    clock: SteppingClock
    watts: float
    silence: Any = None


class FlatSun:
    """No sun: nothing to load."""

    def power_w(self, _: float) -> float:
        return 0.0


@pytest.fixture(params=["scripted", "simulated"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    clock = SteppingClock(EPOCH)
    if request.param == "scripted":
        scripted = ScriptedSwitch(clock=clock, watts=1_500.0)

        def silence() -> None:
            scripted.mode = Mode.OFFLINE

        yield Bench(switch=scripted, clock=clock, watts=1_500.0, silence=silence)
        return
    physics = SimulatedSite(start=EPOCH, clear_sun=FlatSun())
    switch = SimulatedSwitch(physics=physics, slug="heater1", clock=clock)
    yield Bench(switch=switch, clock=clock, watts=1_500.0)


async def test_it_starts_off(bench: Bench) -> None:
    status = await bench.switch.status()
    assert (status.is_on, status.power_w, status.auto_off_in_s) == (False, 0.0, None)


async def test_on_and_off(bench: Bench) -> None:
    await bench.switch.turn_on(auto_off_s=None)
    bench.clock.advance(10.0)
    status = await bench.switch.status()
    assert (status.is_on, status.power_w, status.auto_off_in_s) == (True, bench.watts, None)
    await bench.switch.turn_off()
    status = await bench.switch.status()
    assert (status.is_on, status.power_w) == (False, 0.0)


async def test_what_is_on_stays_on_without_a_timer(bench: Bench) -> None:
    await bench.switch.turn_on(auto_off_s=None)
    bench.clock.advance(86_400.0)
    assert (await bench.switch.status()).is_on


@pytest.mark.parametrize(("seconds", "is_on"), [(299.0, True), (301.0, False)])
async def test_the_timer_opens_the_relay(bench: Bench, seconds: float, *, is_on: bool) -> None:
    await bench.switch.turn_on(auto_off_s=300.0)
    assert (await bench.switch.status()).auto_off_in_s == pytest.approx(300.0, abs=1.0)
    bench.clock.advance(seconds)
    assert (await bench.switch.status()).is_on is is_on


async def test_every_command_renews_the_timer(bench: Bench) -> None:
    await bench.switch.turn_on(auto_off_s=300.0)
    bench.clock.advance(200.0)
    await bench.switch.turn_on(auto_off_s=300.0)
    bench.clock.advance(200.0)
    status = await bench.switch.status()
    assert status.is_on
    assert status.auto_off_in_s == pytest.approx(100.0, abs=1.0)


async def test_switching_off_ends_the_timer(bench: Bench) -> None:
    await bench.switch.turn_on(auto_off_s=300.0)
    await bench.switch.turn_off()
    bench.clock.advance(400.0)
    assert not (await bench.switch.status()).is_on


async def test_a_command_without_a_timer_ends_an_armed_one(bench: Bench) -> None:
    await bench.switch.turn_on(auto_off_s=300.0)
    await bench.switch.turn_on(auto_off_s=None)
    bench.clock.advance(400.0)
    assert (await bench.switch.status()).is_on


async def test_a_silent_device_raises(bench: Bench) -> None:
    if bench.silence is None:
        pytest.skip("the simulated relay has no wire to cut")
    bench.silence()
    for call in (bench.switch.turn_on(auto_off_s=None), bench.switch.turn_off()):
        with pytest.raises(VendorError):
            await call
    with pytest.raises(VendorError):
        await bench.switch.status()
