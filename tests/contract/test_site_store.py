"""Systems, adapters, loads, devices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from energy.site.loads import LoadKind
from energy.site.pv_array import PvArray
from energy.site.snapshot import Link
from services.actions.records import TimerFault
from services.errors import Invalid
from services.sites.records import AdapterConfig, ControlledLoad, VendorPause
from tests.contract.conftest import NOON, Site, adapter, system


async def test_the_newest_pause_of_a_vendor_is_kept(site: Site) -> None:
    store, asked_at = site.stores.pauses, NOON
    assert await store.pause(site.relays) is None
    first, second = (
        VendorPause(asked_at=asked_at, until=asked_at + timedelta(seconds=seconds))
        for seconds in (300.0, 60.0)
    )
    await store.keep(site.relays, first)
    await store.keep(site.relays, second)
    assert await store.pause(site.relays) == second
    assert await store.pause(site.cloud) is None
    await store.keep(UUID(int=99), first)
    assert await store.pause(UUID(int=99)) is None, "of an adapter that is gone"


async def test_a_site_comes_back_as_it_was_saved(site: Site) -> None:
    store = site.stores.site
    assert await store.system(site.system_id) == system(site, site.system_id, "Home")
    assert [s.name for s in await store.systems()] == ["Home", "Other"]
    assert await store.adapters(site.system_id) == [
        adapter(site.relays, site.system_id, "Relays", Link.LOCAL),
        adapter(site.cloud, site.system_id, "SolArk", Link.CLOUD),
    ]
    assert [(load.name, load.kind) for load in await store.loads(site.system_id)] == [
        ("Fan", LoadKind.FAN),
        ("Primary", LoadKind.MINER),
    ]
    assert await store.devices(site.system_id) == [
        {
            "id": site.pack,
            "kind": "battery_pack",
            "name": "Bank",
            "adapter_id": site.cloud,
            "external_id": "Bank",
        },
        *(
            {
                "id": device_id,
                "kind": "inverter",
                "name": name,
                "adapter_id": site.cloud,
                "external_id": name,
            }
            for device_id, name in (
                (site.inverter, "Inverter 1"),
                (site.second_inverter, "Inverter 2"),
            )
        ),
    ]


async def test_saving_again_updates(site: Site) -> None:
    store = site.stores.site
    renamed = replace(system(site, site.system_id, "Cabin"), simulated=True)
    slower = replace(
        adapter(site.cloud, site.system_id, "SolArk", Link.CLOUD),
        poll_interval_s=300.0,
        secrets={},
        enabled=False,
    )
    await store.save_system(renamed)
    await store.save_adapter(slower)
    assert await store.system(site.system_id) == renamed
    assert slower in await store.adapters(site.system_id)


async def test_the_identity_first_seen_stays_with_the_address(site: Site) -> None:
    store = site.stores.site

    async def stored() -> AdapterConfig:
        return next(a for a in await store.adapters(site.system_id) if a.id == site.relays)

    before = replace(await stored(), settings={"base_url": "http://relay"})
    await store.save_adapter(before)
    assert (await stored()).identity is None
    await store.remember_identity(before, "AABBCCDDEEFF")
    await store.remember_identity(before, "665544332211")
    assert (await stored()).identity == "AABBCCDDEEFF"
    await store.save_adapter(replace(before, name="Renamed"))
    assert (await stored()).identity == "AABBCCDDEEFF"
    await store.save_adapter(replace(await stored(), settings={"base_url": "http://moved"}))
    assert (await stored()).identity is None


async def test_one_system_never_sees_the_parts_of_another(site: Site) -> None:
    store = site.stores.site
    assert list(await store.adapters(site.other_system_id)) == []
    assert list(await store.loads(site.other_system_id)) == []
    assert list(await store.devices(site.other_system_id)) == []


async def test_what_does_not_exist_is_none(site: Site) -> None:
    assert await site.stores.site.system(UUID(int=999)) is None


async def test_a_load_of_an_unknown_adapter_is_refused_by_name(site: Site) -> None:
    load = ControlledLoad(
        id=UUID(int=7),
        system_id=site.system_id,
        adapter_id=UUID(int=999),
        name="x",
        kind=LoadKind.FAN,
    )
    with pytest.raises(Invalid) as refused:
        await site.stores.site.save_load(load)
    assert [path for path, _ in refused.value.problems] == ["adapter_id"]


@pytest.mark.parametrize(
    ("channel", "refused"),
    [
        pytest.param(0, [("channel", "0 of Relays switches Primary already: one relay, one load")]),
        pytest.param(1, [("channel", "1 of Relays switches Fan already: one relay, one load")]),
        pytest.param(2, []),
    ],
    ids=["the miner's", "the fan's", "a free one"],
)
async def test_two_loads_with_one_relay_are_refused(
    site: Site, channel: int, refused: list[tuple[str, str]]
) -> None:
    """A stop of one would be undone by the other's timer."""
    load = ControlledLoad(
        id=UUID(int=7),
        system_id=site.system_id,
        adapter_id=site.relays,
        name="Heater",
        kind=LoadKind.HEATER,
        channel=channel,
    )
    problems: list[tuple[str, str]] = []
    try:
        await site.stores.site.save_load(load)
        await site.stores.site.save_load(replace(load, rated_w=1_500.0))
    except Invalid as error:
        problems = list(error.problems)
    assert problems == refused
    known = {each.name for each in await site.stores.site.loads(site.system_id)}
    assert ("Heater" in known) is not bool(refused)


async def test_a_device_of_an_unknown_kind_is_refused(site: Site) -> None:
    with pytest.raises(Invalid, match="kind"):
        await site.stores.site.save_device(
            device_id=UUID(int=7),
            system_id=site.system_id,
            kind="toaster",
            name="x",
            adapter_id=site.cloud,
            external_id="x",
        )


async def test_a_sites_arrays_come_back(site: Site) -> None:
    arrays = (
        PvArray(peak_w=6_000.0, tilt_deg=20.0, azimuth_deg=90.0, inverter_limit_w=5_000.0),
        PvArray(peak_w=4_000.0, tilt_deg=35.0, azimuth_deg=270.0),
    )
    saved = replace(system(site, site.system_id, "Home"), pv_arrays=arrays)
    await site.stores.site.save_system(saved)
    assert await site.stores.site.system(site.system_id) == saved


async def test_a_site_and_its_owner_have_one_place(site: Site) -> None:
    """Whichever is changed, the other follows: night, windows and days are in one timezone."""
    settings, sites = site.stores.settings, site.stores.site
    before = await settings.preferences(site.system_id)
    moved = replace(before.value, timezone="Europe/Zurich", latitude=47.4, longitude=8.1)
    stored = await settings.save_preferences(
        site.system_id, moved, expected_version=before.version, actor="ana"
    )
    there = await sites.system(site.system_id)
    assert there is not None
    assert (there.timezone, there.latitude, there.longitude) == ("Europe/Zurich", 47.4, 8.1)
    await sites.save_system(replace(there, timezone="Australia/Sydney", latitude=-33.3))
    again = await settings.preferences(site.system_id)
    assert (again.value.timezone, again.value.latitude) == ("Australia/Sydney", -33.3)
    assert again.version > stored.version
    other = await sites.system(site.other_system_id)
    assert other is not None
    assert other.timezone == system(site, site.other_system_id, "Other").timezone


async def test_which_switches_do_not_keep_their_timer(site: Site) -> None:
    store = site.stores.timer_faults
    assert await store.faults(site.system_id) == []
    fault = TimerFault(load_id=site.miner_load, since=NOON, asked_s=300.0, reported_s=None)
    later = replace(fault, asked_s=600.0, reported_s=7_200.0)
    for each in (fault, later, replace(fault, load_id=UUID(int=99))):
        await store.keep(each)
    assert await store.faults(site.system_id) == [later]
    assert await store.faults(site.other_system_id) == []
    await store.clear(site.miner_load)
    assert await store.faults(site.system_id) == []
