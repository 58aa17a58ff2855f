"""The frozen picture: what is in it, how old it is, and what is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from commandcenter.wiring import seed
from energy.site.miners import MinerState
from energy.site.reference_site import REFERENCE_MINERS
from energy.site.snapshot import Link, Reading
from services.memory.records import SiteMemory
from services.telemetry.load_states import LoadState
from services.telemetry.records import BatterySample, EnergySample, LoadSample
from services.telemetry.snapshots import BuiltSnapshot
from tests.fakes.sites.reference_site import SYSTEM_ID
from tests.fakes.sites.scripted_site import HEAT_ROOM, PRIMARY, ScriptedSite

SECOND = UUID(int=0x77)
PRIMARY_ID = REFERENCE_MINERS[0].id


@pytest.fixture
async def site() -> ScriptedSite:
    return await ScriptedSite().set_up()


async def built(site: ScriptedSite) -> BuiltSnapshot:
    return await site.loop.snapshots.build(SYSTEM_ID, site.clock.now(), SiteMemory())


async def primary(site: ScriptedSite) -> MinerState:
    return (await built(site)).states[0]


async def test_readings_with_age_source_and_link(site: ScriptedSite) -> None:
    site.clock.advance(90.0)
    picture = await built(site)
    assert picture.snapshot.battery_voltage_v == Reading(
        value=52.3, age_s=90.0, unchanged_s=0.0, source="Victron VRM", link=Link.CLOUD
    )
    assert picture.temperatures[str(HEAT_ROOM)] == Reading(
        value=20.0, age_s=90.0, source="Heat Room", link=Link.CLOUD
    )
    assert picture.snapshot.battery_temperature_c is None
    assert picture.snapshot.pv_mean_10min_w == 8_450.0


async def test_since_when_a_value_has_not_moved(site: ScriptedSite) -> None:
    await site.pass_minutes(10)
    voltage = (await built(site)).snapshot.battery_voltage_v
    assert voltage is not None
    assert (voltage.age_s, voltage.unchanged_s) == (0.0, 600.0)


async def test_nothing_measured_later_is_in_it(site: ScriptedSite) -> None:
    at = site.clock.now()
    await site.pass_minutes(1, voltage_v=53.0)
    picture = await site.loop.snapshots.build(SYSTEM_ID, at, SiteMemory())
    assert picture.snapshot.battery_voltage_v is not None
    assert picture.snapshot.battery_voltage_v.value == 52.3


async def test_a_site_that_has_said_nothing(site: ScriptedSite) -> None:
    site.clock.advance(2 * 86_400.0)
    picture = await built(site)
    assert picture.snapshot == replace(
        picture.snapshot,
        battery_voltage_v=None,
        inverter_voltage_v=None,
        pv_power_w=None,
        load_power_w=None,
        pv_mean_10min_w=None,
    )
    assert {state.is_on for state in picture.load_states.values()} == {None}


async def test_the_battery_power_of_the_inverter_stands_in(site: ScriptedSite) -> None:
    site.clock.advance(1.0)
    sample = EnergySample(device_id=seed.INVERTER, at=site.clock.now(), battery_power_w=-700.0)
    await site.stores.telemetry.append([sample])
    power = (await built(site)).snapshot.battery_power_w
    assert power is not None
    assert (power.value, power.source) == (-700.0, "SolArk cloud")
    both = BatterySample(device_id=seed.BATTERY_PACK, at=site.clock.now(), power_w=-690.0)
    await site.stores.telemetry.append([both])
    power = (await built(site)).snapshot.battery_power_w
    assert power is not None
    assert (power.value, power.source) == (-690.0, "Victron VRM")


@pytest.mark.parametrize(
    ("adapter", "link", "source"),
    [
        pytest.param(seed.SOLARK_ADAPTER, Link.CLOUD, "SolArk cloud", id="one cloud"),
        pytest.param(seed.VRM_ADAPTER, Link.CLOUD, "SolArk cloud + Victron VRM", id="two of them"),
    ],
)
async def test_powers_of_two_inverters_add_up(
    site: ScriptedSite, adapter: UUID, link: Link, source: str
) -> None:
    await second_inverter(site, adapter)
    first_at = site.clock.now()
    site.clock.advance(30.0)
    sample = EnergySample(device_id=SECOND, at=site.clock.now(), pv_power_w=1_000.0)
    await site.stores.telemetry.append([sample])
    site.clock.advance(30.0)
    picture = (await built(site)).snapshot
    assert picture.pv_power_w == Reading(value=9_450.0, age_s=60.0, source=source, link=link)
    assert picture.at - first_at == timedelta(seconds=60)


async def test_two_local_inverters_are_local(site: ScriptedSite) -> None:
    for adapter in await site.stores.site.adapters(SYSTEM_ID):
        await site.stores.site.save_adapter(replace(adapter, link=Link.LOCAL))
    await second_inverter(site, seed.SOLARK_ADAPTER)
    sample = EnergySample(device_id=SECOND, at=site.clock.now(), pv_power_w=1_000.0)
    await site.stores.telemetry.append([sample])
    total = (await built(site)).snapshot.pv_power_w
    assert total is not None
    assert total.link is Link.LOCAL


async def second_inverter(site: ScriptedSite, adapter: UUID) -> None:
    await site.stores.site.save_device(
        device_id=SECOND,
        system_id=SYSTEM_ID,
        kind="inverter",
        name="Second",
        adapter_id=adapter,
        external_id="2",
    )


# --- miners


async def test_since_when_nobody_knows(site: ScriptedSite) -> None:
    """The first sample says that it is off, not since when: it need not wait for minimum times."""
    await site.pass_minutes(5)
    assert await primary(site) == MinerState(
        miner_id=PRIMARY_ID, is_on=False, power_w=0.0, power_in_load_w=0.0, since=None
    )


async def test_since_when_it_was_switched(site: ScriptedSite) -> None:
    await site.pass_minutes(5)
    site.primary.flip(on=True)
    await site.pass_minutes(1)
    switched_at = site.clock.now()
    await site.pass_minutes(5)
    assert (await primary(site)).since == switched_at


@pytest.mark.parametrize(
    ("silent_s", "is_on"),
    [pytest.param(300, False, id="300 s"), pytest.param(301, None, id="301 s")],
)
async def test_a_silent_switch_is_unknown_which_is_not_off(
    site: ScriptedSite, silent_s: int, *, is_on: bool | None
) -> None:
    seen_at = site.clock.now()
    site.clock.advance(silent_s)
    picture = await built(site)
    assert picture.states[0].is_on is is_on
    assert picture.load_states[PRIMARY].measured_at == seen_at


async def test_the_power_at_the_time_of_the_load_reading(site: ScriptedSite) -> None:
    """The load was measured before the miner started: none of its watts are in it."""
    site.clock.advance(60.0)
    at = site.clock.now()
    await site.stores.telemetry.append(
        [LoadSample(device_id=PRIMARY, at=at, is_on=True, power_w=3_878.0)]
    )
    state = await primary(site)
    assert (state.power_w, state.power_in_load_w) == (3_878.0, 0.0)


async def test_a_power_from_long_before_the_load_reading_says_nothing(site: ScriptedSite) -> None:
    site.clock.advance(301.0)
    await site.see(silent=(PRIMARY,))
    assert (await primary(site)).power_in_load_w is None


@pytest.mark.parametrize(
    ("silent_s", "power_w"),
    [pytest.param(300, 0.0, id="300 s"), pytest.param(301, None, id="301 s")],
)
async def test_a_meter_that_has_fallen_silent_tells_no_power(
    site: ScriptedSite, silent_s: int, power_w: float | None
) -> None:
    """The switch still tells its state; its last watts are as old as it would be unknown."""
    site.clock.advance(silent_s)
    sample = LoadSample(device_id=PRIMARY, at=site.clock.now(), is_on=False)
    await site.stores.telemetry.append([sample])
    picture = await built(site)
    state = picture.load_states[PRIMARY]
    assert (state.is_on, state.power_w) == (False, power_w)
    assert picture.states[0].power_w == power_w


async def test_without_a_load_reading(site: ScriptedSite) -> None:
    site.clock.advance(2 * 86_400.0)
    at = site.clock.now()
    await site.stores.telemetry.append([LoadSample(device_id=PRIMARY, at=at, is_on=True)])
    assert await primary(site) == MinerState(miner_id=PRIMARY_ID, is_on=True)


@pytest.mark.parametrize("device_id", [None, str(UUID(int=9))], ids=["none", "unknown"])
async def test_a_miner_without_a_switch(site: ScriptedSite, device_id: str | None) -> None:
    await save_primary(site, device_id=device_id)
    assert await primary(site) == MinerState(miner_id=PRIMARY_ID, is_on=None)


async def test_runtime_of_the_local_day(site: ScriptedSite) -> None:
    """On for an hour across midnight: half of it belongs to the new day."""
    await save_primary(site, maximum_runtime_hours=4.0)
    site.clock.set(site.clock.now() + timedelta(hours=11, minutes=30))
    site.primary.flip(on=True)
    await site.pass_minutes(60)
    assert (await primary(site)).runtime_today_s == pytest.approx(1_800.0, abs=60.0)
    site.primary.flip(on=False)
    await site.pass_minutes(60)
    assert (await primary(site)).runtime_today_s == pytest.approx(1_800.0, abs=90.0)


async def save_primary(site: ScriptedSite, **changes: object) -> None:
    stored = (await site.stores.settings.miners(SYSTEM_ID))[0]
    await site.stores.settings.save_miner(
        SYSTEM_ID,
        replace(stored.value, **changes),  # type: ignore[arg-type]  # fields of a profile
        expected_version=None,
        actor="owner",
    )


def test_what_is_not_known_of_a_load() -> None:
    assert LoadState() == LoadState(is_on=None, power_w=None, measured_at=None, since=None)
