"""The readers and switches against the simulated site's servers, healthy and disturbed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
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
from services.telemetry.ports import TelemetryReader
from services.telemetry.records import BatterySample, EnergySample, LoadSample, ZoneSample
from simulator.physics.site import SimulatedSite
from simulator.physics.site_plan import SitePlan
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

    async def fault(self, target: str, kind: str, value: object = None) -> None:
        body = {"target": target, "kind": kind, "value": value}
        done = await self.http.post(f"{self.url}/sim/faults", json=body)
        assert done.is_success, done.text


def with_a_dimmer(plan: SitePlan) -> SitePlan:
    """The reference site with its second fan on a 0–10 V dimmer."""
    devices = [
        replace(each, dimmable=True) if each.slug == "fan2" else each for each in plan.devices
    ]
    return replace(plan, devices=tuple(devices))


@pytest.fixture
async def plant() -> AsyncIterator[Plant]:
    clock = SteppingClock()
    servers = SimulatorServers(
        site=SimulatedSite(
            start=clock.now() - timedelta(minutes=10),
            cloud_plan=("clear",),
            plan=with_a_dimmer(SitePlan()),
        ),
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


async def test_a_fan_on_a_dimmer_takes_its_speed_and_tells_it(plant: Plant) -> None:
    fan = ShellySwitch(client=plant.shelly("fan2"), clock=plant.clock)
    story = []
    for speed in (3, 10, 6):
        await fan.turn_on_at(speed, auto_off_s=300.0)
        plant.clock.advance(10)
        status = await fan.status()
        story.append((status.is_on, status.speed, status.power_w))
    assert story == [(True, 3, 18.6), (True, 10, 62.0), (True, 6, 37.2)]
    await fan.turn_off()
    off = await fan.status()
    assert (off.is_on, off.speed, off.power_w, off.auto_off_in_s) == (False, 6, 0.0, None)
    relay = ShellySwitch(client=plant.shelly("fan1"), clock=plant.clock)
    await relay.turn_on_at(3, auto_off_s=None)
    assert (await relay.status()).speed is None
    (sample,) = await ShellyReader(
        client=plant.shelly("fan2"), clock=plant.clock, loads={0: LOAD}
    ).read()
    assert isinstance(sample, LoadSample)
    assert sample.speed == 6


async def test_one_monitor_is_read_by_its_instance(plant: Plant) -> None:
    def monitor(instance: int) -> VrmReader:
        client = VrmClient(
            http=plant.http, token="simulated", base_url=f"{plant.url}/vrm/v2", sleep=Waits()
        )
        return VrmReader(
            client=client, site_id=1, device_id=DEVICE, clock=plant.clock, instance=instance
        )

    (system,) = await plant.vrm.read()
    (chosen,) = await monitor(288).read()
    assert isinstance(system, BatterySample)
    assert isinstance(chosen, BatterySample)
    assert (chosen.at, chosen.voltage_v, chosen.current_a, chosen.soc_pct) == (
        system.at,
        system.voltage_v,
        system.current_a,
        system.soc_pct,
    )
    with pytest.raises(VendorError, match="no battery monitor 999; there are: 0, 288"):
        await monitor(999).read()


async def test_another_device_at_the_address_is_neither_read_nor_commanded(plant: Plant) -> None:
    client = plant.shelly("heater1")
    relay = ShellySwitch(client=client, clock=plant.clock)
    reader = ShellyReader(client=client, clock=plant.clock, loads={0: LOAD})
    await relay.turn_on(auto_off_s=300.0)
    await plant.fault("shelly/heater1", "wrong_device")
    for asked in (relay.status, reader.read):
        with pytest.raises(VendorError, match="another device answers at this address"):
            await asked()


async def test_a_set_up_that_switches_by_itself_is_told(plant: Plant) -> None:
    reader = ShellyReader(client=plant.shelly("heater1"), clock=plant.clock, loads={0: LOAD})
    await reader.read()
    assert reader.cautions() == ()
    await plant.fault("shelly/heater1", "setup")
    await reader.read()
    assert len(reader.cautions()) == 2


async def test_a_subtotal_of_the_plant_is_suspect(plant: Plant) -> None:
    await plant.fault("solark", "subtotal")
    (energy,) = await plant.solark.read()
    assert set(energy.suspect) == {
        "pv_power_w",
        "load_power_w",
        "battery_power_w",
        "grid_power_w",
    }


async def test_what_only_adds_may_fail(plant: Plant) -> None:
    await plant.fault("solark", "no_detail")
    (energy,) = await plant.solark.read()
    assert isinstance(energy, EnergySample)
    assert energy.pv_power_w is not None
    assert energy.battery_voltage_v is None


@pytest.mark.parametrize("target", ["solark", "vrm"])
async def test_impossible_powers_are_not_kept(plant: Plant, target: str) -> None:
    await plant.fault(target, "extreme")
    readers: dict[str, TelemetryReader] = {"solark": plant.solark, "vrm": plant.vrm}
    for sample in await readers[target].read():
        assert isinstance(sample, EnergySample | BatterySample)
        powers = {name for name in sample.suspect if name.endswith("_power_w")}
        assert target == "vrm" or powers == {
            *("pv_power_w", "load_power_w", "battery_power_w", "grid_power_w")
        }


@pytest.mark.parametrize(
    ("value", "low_s", "high_s"),
    [(7, 7.0, 7.0), ("date", 3.0, 6.0), (None, 5.0, 5.0)],
)
@pytest.mark.parametrize("target", ["solark", "vrm", "shelly"])
async def test_a_rate_limit_says_how_long_in_seconds_or_as_a_date(
    plant: Plant, target: str, value: object, low_s: float, high_s: float
) -> None:
    await plant.fault(target, "rate_limit", value)
    shelly = ShellyReader(client=plant.shelly("fan1"), clock=plant.clock, loads={0: LOAD})
    readers: dict[str, TelemetryReader] = {
        "solark": plant.solark,
        "vrm": plant.vrm,
        "shelly": shelly,
    }
    reader = readers[target]
    with pytest.raises(VendorError) as caught:
        await reader.read()
    asked_s = caught.value.retry_after_s
    assert asked_s is not None
    assert low_s <= asked_s <= high_s


@pytest.mark.parametrize("target", ["solark", "vrm", "shelly"])
async def test_a_bomb_is_refused(plant: Plant, target: str) -> None:
    await plant.fault(target, "bomb")
    shelly = ShellyReader(client=plant.shelly("fan1"), clock=plant.clock, loads={0: LOAD})
    readers: dict[str, TelemetryReader] = {
        "solark": plant.solark,
        "vrm": plant.vrm,
        "shelly": shelly,
    }
    reader = readers[target]
    with pytest.raises(VendorError, match="more than 2 MB"):
        await reader.read()
