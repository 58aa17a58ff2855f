"""The same stores twice: in memory and on PostgreSQL. Both must tell the same story."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

import pytest

from energy.site.loads import LoadKind, Zone
from energy.site.snapshot import Link
from services.accounts.ports import AccountStore
from services.accounts.records import Role
from services.alerting.ports import OutboxStore
from services.chat.ports import ConversationStore
from services.sites.records import AdapterConfig, ControlledLoad, System
from services.views.ports import JobStore, StoreHealth
from storage.all_stores import PostgresStores
from storage.connection.pool import open_pool
from tests.fakes.stores.all_stores import InMemoryStores
from tests.fakes.stores.ports import ControlStores

NOON = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
KEY = bytes(range(32))


class Stores(ControlStores, Protocol):
    """Every storage port by name."""

    @property
    def outbox(self) -> OutboxStore: ...
    @property
    def accounts(self) -> AccountStore: ...
    @property
    def conversations(self) -> ConversationStore: ...
    @property
    def health(self) -> StoreHealth: ...
    @property
    def jobs(self) -> JobStore: ...


OWNER = UUID("a0000000-0000-0000-0000-000000000001")
SYSTEM_ID = UUID(int=0x51)
OTHER_SYSTEM_ID = UUID(int=0x52)
CLOUD = UUID(int=0xA1)
RELAYS = UUID(int=0xA2)
INVERTER = UUID(int=0xD1)
SECOND_INVERTER = UUID(int=0xD2)
PACK = UUID(int=0xD3)
MINER_LOAD = UUID(int=0xC1)
FAN_LOAD = UUID(int=0xC2)
ZONE = UUID(int=0xE1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Stores with one small site in them, and the ids of its parts."""

    stores: Stores
    owner_id: UUID = OWNER
    system_id: UUID = SYSTEM_ID
    other_system_id: UUID = OTHER_SYSTEM_ID
    cloud: UUID = CLOUD
    relays: UUID = RELAYS
    inverter: UUID = INVERTER
    second_inverter: UUID = SECOND_INVERTER
    pack: UUID = PACK
    miner_load: UUID = MINER_LOAD
    fan_load: UUID = FAN_LOAD
    zone: UUID = ZONE


@pytest.fixture(params=["memory", "postgres"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        yield InMemoryStores()
        return
    dsn: str = request.getfixturevalue("emptied_database")
    async with open_pool(dsn, max_size=4) as pool:
        on_postgres = PostgresStores(pool=pool, dsn=dsn, key=KEY)
        await on_postgres.start()
        yield on_postgres
        await on_postgres.stop()


@pytest.fixture
async def site(stores: Stores) -> Site:
    made = Site(stores=stores)
    await stores.accounts.add_user(
        user_id=made.owner_id,
        email="owner@example.com",
        role=Role.ADMIN,
        password_hash=None,
        at=NOON,
    )
    for system_id, name in ((made.system_id, "Home"), (made.other_system_id, "Other")):
        await stores.site.save_system(system(made, system_id, name))
    await stores.site.save_adapter(adapter(made.cloud, made.system_id, "SolArk", Link.CLOUD))
    await stores.site.save_adapter(adapter(made.relays, made.system_id, "Relays", Link.LOCAL))
    for channel, (load_id, name, kind) in enumerate(
        (
            (made.miner_load, "Primary", LoadKind.MINER),
            (made.fan_load, "Fan", LoadKind.FAN),
        )
    ):
        await stores.site.save_load(
            ControlledLoad(
                id=load_id,
                system_id=made.system_id,
                adapter_id=made.relays,
                name=name,
                kind=kind,
                channel=channel,
                rated_w=3878.0,
            )
        )
    for device_id, kind_name, name in (
        (made.inverter, "inverter", "Inverter 1"),
        (made.second_inverter, "inverter", "Inverter 2"),
        (made.pack, "battery_pack", "Bank"),
    ):
        await stores.site.save_device(
            device_id=device_id,
            system_id=made.system_id,
            kind=kind_name,
            name=name,
            adapter_id=made.cloud,
            external_id=name,
        )
    await stores.settings.save_zone(
        made.system_id, Zone(id=str(made.zone), name="Heat Room"), expected_version=None, actor="x"
    )
    return made


def system(site: Site, system_id: UUID, name: str) -> System:
    return System(
        id=system_id,
        name=name,
        owner_id=site.owner_id,
        timezone="America/Denver",
        latitude=39.7,
        longitude=-105.0,
    )


def adapter(adapter_id: UUID, system_id: UUID, name: str, link: Link) -> AdapterConfig:
    return AdapterConfig(
        id=adapter_id,
        system_id=system_id,
        adapter_type="solark_cloud" if link is Link.CLOUD else "shelly_rpc",
        name=name,
        settings={"base_url": "http://127.0.0.1:1", "retries": 2},
        secrets={"password": "p\u00e4ss"},
        link=link,
    )
