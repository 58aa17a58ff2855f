"""Systems, adapters, loads, devices."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from energy.site.loads import LoadKind
from energy.site.snapshot import Link
from services.errors import Invalid
from services.sites.records import ControlledLoad
from tests.contract.conftest import Site, adapter, system


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
