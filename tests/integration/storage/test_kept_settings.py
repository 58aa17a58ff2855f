"""Processes keep a site's settings and are told of each other's changes, whoever makes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import psycopg
import pytest

from energy.site.snapshot import Link
from services.accounts.records import Role
from services.sites.records import System
from storage.all_stores import PostgresStores
from storage.connection.pool import Pool, row
from tests.contract.conftest import CLOUD, KEY, NOON, OWNER, SYSTEM_ID, Site, adapter, system
from tests.integration.storage.test_database_away import allow
from tests.waiting import until


async def process(pool: Pool, dsn: str) -> PostgresStores:
    """The stores of one process."""
    made = PostgresStores(pool=pool, dsn=dsn, key=KEY)
    await made.start()
    return made


@pytest.fixture
async def mine(pool: Pool, database: str) -> AsyncIterator[PostgresStores]:
    made = await process(pool, database)
    await made.accounts.add_user(
        user_id=OWNER, email="o@example.com", role=Role.ADMIN, password_hash=None, at=NOON
    )
    home: System = system(Site(stores=made), SYSTEM_ID, "Home")
    await made.site.save_system(home)
    yield made
    await made.stop()


async def capacity(stores: PostgresStores) -> float:
    return (await stores.settings.preferences(SYSTEM_ID)).value.battery_capacity_wh


async def comes_to(stores: PostgresStores, expected: float) -> None:
    async def reached() -> bool:
        return await capacity(stores) == expected

    await until(reached)


async def test_a_change_by_another_process_is_told(
    mine: PostgresStores, pool: Pool, database: str
) -> None:
    theirs = await process(pool, database)
    stored = await mine.settings.preferences(SYSTEM_ID)
    assert await capacity(theirs) == stored.value.battery_capacity_wh
    changed = replace(stored.value, battery_capacity_wh=12_345.0)
    await mine.settings.save_preferences(SYSTEM_ID, changed, expected_version=None, actor="x")
    assert await capacity(mine) == 12_345.0
    await comes_to(theirs, 12_345.0)
    await theirs.stop()


async def test_a_change_beside_the_program_is_told_for_every_table(
    mine: PostgresStores, database: str
) -> None:
    assert await mine.site.adapters(SYSTEM_ID) == []
    await mine.site.save_adapter(adapter(CLOUD, SYSTEM_ID, "SolArk", Link.CLOUD))
    (before,) = await mine.site.adapters(SYSTEM_ID)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE adapters SET name = 'Other'")

    async def renamed() -> bool:
        return (await mine.site.adapters(SYSTEM_ID))[0].name == "Other"

    await until(renamed)
    assert before.name == "SolArk"


async def test_a_change_while_nobody_listened_is_read(mine: PostgresStores, database: str) -> None:
    await capacity(mine)
    allow(database, connections=False)
    end_sessions_from_elsewhere(database)
    elsewhere_change(database)
    await comes_to(mine, 9_999.0)
    assert await capacity(mine) == 9_999.0


def end_sessions_from_elsewhere(dsn: str) -> None:
    with psycopg.connect(
        psycopg.conninfo.make_conninfo(dsn, dbname="postgres"), autocommit=True
    ) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s",
            (psycopg.conninfo.conninfo_to_dict(dsn)["dbname"],),
        )


def elsewhere_change(dsn: str) -> None:
    allow(dsn, connections=True)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE user_preferences DISABLE TRIGGER user_preferences_changed")
        connection.execute("UPDATE user_preferences SET battery_capacity_wh = 9999")
        connection.execute("ALTER TABLE user_preferences ENABLE TRIGGER user_preferences_changed")


async def test_every_table_that_is_kept_tells_its_changes(pool: Pool) -> None:
    found = await row(
        pool,
        "SELECT array_agg(tgrelid::regclass::text ORDER BY 1) AS tables FROM pg_trigger"
        " WHERE tgfoid = 'tell_settings_changed'::regproc",
    )
    assert found is not None
    assert set(found["tables"]) == {
        "systems",
        "user_preferences",
        "miner_profiles",
        "hvac_zones",
        "adapters",
        "controlled_loads",
        "inverters",
        "battery_packs",
    }
