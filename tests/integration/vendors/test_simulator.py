"""The readers and switches against the simulated site's servers, healthy and disturbed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from integrations.shelly.adapter import ShellyReader, ShellySwitch
from integrations.shelly.client import ShellyClient
from integrations.solark.adapter import SolArkReader
from integrations.solark.client import SolArkAccount, SolArkClient
from integrations.victron.adapter import VrmReader
from integrations.victron.client import VrmClient
from services.errors import VendorError
from services.telemetry.records import BatterySample, EnergySample, LoadSample, ZoneSample
from simulator.physics.site import SimulatedSite
from simulator.vendors.servers import SimulatorServers
from tests.fakes.clock import SteppingClock
from tests.fakes.vendor_http import Waits

DEVICE, LOAD, ZONE = UUID(int=1), UUID(int=2), UUID(int=3)
PASSWORD = "simulated"


class Plant:
    """The simulated plant under the readers that would run there."""

    def __init__(self, url: str, http: httpx2.AsyncClient, clock: SteppingClock) -> None:
        self.url, self.http, self.clock = url, http, clock
        self.solark = SolArkReader(
            client=SolArkClient(
                http=http,
                account=SolArkAccount(
                    username="owner@example.com", password="simulated", base_url=f"{url}/solark"
                ),
                timeout_s=2.0,
                sleep=Waits(),
            ),
            plant_id=1,
            device_id=DEVICE,
            clock=clock,
            timezone="America/Los_Angeles",
            inverter_serial="1",
        )
        self.vrm = self.vrm_reader("simulated")

    def vrm_reader(self, token: str) -> VrmReader:
        client = VrmClient(
            http=self.http,
            token=token,
            base_url=f"{self.url}/vrm/v2",
            timeout_s=2.0,
            sleep=Waits(),
        )
        return VrmReader(client=client, site_id=1, device_id=DEVICE, clock=self.clock)

    def shelly(self, slug: str, *, password: str = PASSWORD) -> ShellyClient:
        return ShellyClient(
            http=self.http,
            base_url=f"{self.url}/shelly/{slug}",
            password=password,
            timeout_s=2.0,
            sleep=Waits(),
        )

    async def fault(self, target: str, kind: str) -> None:
        done = await self.http.post(f"{self.url}/sim/faults", json={"target": target, "kind": kind})
        assert done.is_success, done.text


@pytest.fixture
async def plant() -> AsyncIterator[Plant]:
    clock = SteppingClock()
    servers = SimulatorServers(
        site=SimulatedSite(start=clock.now() - timedelta(minutes=10), cloud_plan=("clear",)),
        clock=clock,
    )
    url = await servers.start()
    await servers.wait_ready()
    async with httpx2.AsyncClient(trust_env=False) as http:
        yield Plant(url, http, clock)
    await servers.stop()


async def test_the_vendors_agree_and_signs_are_ours(plant: Plant) -> None:
    (energy,) = await plant.solark.read()
    battery = (await plant.vrm.read())[-1]
    assert isinstance(energy, EnergySample)
    assert isinstance(battery, BatterySample)
    assert energy.pv_power_w is not None
    assert energy.load_power_w is not None
    assert energy.battery_power_w is not None
    assert battery.power_w is not None
    assert battery.voltage_v is not None
    assert not energy.suspect
    # Noon of a clear day: the sun carries the house and charges the battery.
    assert energy.pv_power_w > energy.load_power_w
    assert energy.battery_power_w > 0
    assert battery.power_w > 0
    assert 44 < battery.voltage_v < 59
    for at in (energy.at, battery.at):
        assert timedelta(0) <= plant.clock.now() - at <= timedelta(minutes=6)


async def test_a_relay_follows_and_its_timer_opens_it(plant: Plant) -> None:
    relay = ShellySwitch(client=plant.shelly("heater1"), clock=plant.clock)
    await relay.turn_on(auto_off_s=300.0)
    armed = await relay.status()
    assert armed.is_on
    assert armed.auto_off_in_s is not None
    assert 290 <= armed.auto_off_in_s <= 300
    plant.clock.advance(200)
    await relay.turn_on(auto_off_s=300.0)
    plant.clock.advance(200)
    renewed = await relay.status()
    assert renewed.is_on
    assert renewed.auto_off_in_s is not None
    assert 90 <= renewed.auto_off_in_s <= 110
    plant.clock.advance(120)
    assert not (await relay.status()).is_on
    await relay.turn_on(auto_off_s=None)
    assert (await relay.status()).auto_off_in_s is None
    await relay.turn_off()
    assert not (await relay.status()).is_on


async def test_a_fans_relay_measures_its_zone(plant: Plant) -> None:
    reader = ShellyReader(
        client=plant.shelly("fan1"), clock=plant.clock, loads={0: LOAD}, zones={100: ZONE}
    )
    load, zone = await reader.read()
    assert isinstance(load, LoadSample)
    assert isinstance(zone, ZoneSample)
    assert load.is_on is False
    assert zone.temperature_c is not None
    assert -20 < zone.temperature_c < 60


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("http500", "HTTP 500"),
        ("garbage", "without JSON"),
        ("rate_limit", "429"),
        ("offline", "broken exchange|cannot connect"),
    ],
)
async def test_disturbed_vendors(plant: Plant, kind: str, detail: str) -> None:
    for target in ("solark", "vrm", "shelly"):
        await plant.fault(target, kind)
    for reading in (plant.solark.read(), plant.vrm.read(), plant.shelly("primary").status()):
        with pytest.raises(VendorError, match=detail) as caught:
            await reading
        assert caught.value.retry


async def test_a_session_that_ended_is_renewed(plant: Plant) -> None:
    await plant.solark.read()
    await plant.fault("solark", "expired_login")
    assert len(await plant.solark.read()) == 1


async def test_wrong_keys(plant: Plant) -> None:
    for reading in (
        plant.vrm_reader("wrong").read(),
        plant.shelly("primary", password="wrong").status(),
    ):
        with pytest.raises(VendorError, match="refused, check the key or password") as caught:
            await reading
        assert not caught.value.retry


async def test_standing_values_keep_their_time(plant: Plant) -> None:
    before = await plant.vrm.read()
    await plant.fault("vrm", "stale")
    plant.clock.advance(600)
    assert [sample.at for sample in await plant.vrm.read()] == [s.at for s in before]


async def test_a_relay_that_ignores_commands_shows_it(plant: Plant) -> None:
    relay = ShellySwitch(client=plant.shelly("heater2"), clock=plant.clock)
    await plant.fault("shelly/heater2", "ignore_commands")
    await relay.turn_on(auto_off_s=300.0)
    assert not (await relay.status()).is_on
