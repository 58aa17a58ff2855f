"""What every switch promises: the same tests for the scripted and the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx2
import pytest

from integrations.shelly.adapter import ShellySwitch
from integrations.shelly.client import ShellyClient
from services.actions.ports import Switch
from services.errors import VendorError
from simulator.physics.site import SimulatedSite
from simulator.vendors.servers import SimulatorServers
from tests.fakes.clock import EPOCH, SteppingClock
from tests.fakes.scripted_switch import Mode, ScriptedSwitch
from tests.fakes.vendor_http import Waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A switch of a load that draws its watts at once; how to move its time and cut its wire."""

    switch: Switch
    clock: SteppingClock
    watts: float
    cut: Callable[[], Awaitable[None]]


class Night:
    """No sun: nothing to compute."""

    def power_w(self, _: float) -> float:
        return 0.0


@pytest.fixture(params=["scripted", "simulated Shelly"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """The switch of the unit tests, and the real one against a simulated Shelly on loopback."""
    opened = scripted() if request.param == "scripted" else shelly()
    async with opened as made:
        yield made


@asynccontextmanager
async def scripted() -> AsyncIterator[Bench]:
    clock = SteppingClock(EPOCH)
    switch = ScriptedSwitch(clock=clock, watts=1_500.0)

    async def cut() -> None:
        switch.mode = Mode.OFFLINE

    yield Bench(switch=switch, clock=clock, watts=1_500.0, cut=cut)


@asynccontextmanager
async def shelly() -> AsyncIterator[Bench]:
    clock = SteppingClock(EPOCH)
    physics = SimulatedSite(start=EPOCH - timedelta(minutes=1), clear_sun=Night())
    servers = SimulatorServers(site=physics, clock=clock)
    url = await servers.start()
    await servers.wait_ready()
    async with httpx2.AsyncClient(trust_env=False) as http:

        async def cut() -> None:
            fault = {"target": "shelly/heater1", "kind": "offline"}
            await http.post(f"{url}/sim/faults", json=fault)

        client = ShellyClient(
            http=http,
            base_url=f"{url}/shelly/heater1",
            password="simulated",
            timeout_s=2.0,
            sleep=Waits(),
        )
        switch = ShellySwitch(client=client, clock=clock)
        yield Bench(switch=switch, clock=clock, watts=1_500.0, cut=cut)
    await servers.stop()


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
    await bench.cut()
    for call in (bench.switch.turn_on(auto_off_s=None), bench.switch.turn_off()):
        with pytest.raises(VendorError):
            await call
    with pytest.raises(VendorError):
        await bench.switch.status()
