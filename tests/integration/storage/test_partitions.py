"""Days of samples: made ahead, filled from what came too early, dropped when old."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from energy.site.snapshot import Link
from services.accounts.records import Role
from services.telemetry.records import BatterySample
from storage.all_stores import PostgresStores
from storage.connection.pool import Pool, rows
from storage.telemetry.store import PostgresTelemetryStore
from tests.contract.conftest import CLOUD, KEY, NOON, OWNER, PACK, SYSTEM_ID, Site, adapter, system

TABLE = "battery_bank_samples"


@pytest.fixture
async def telemetry(pool: Pool, database: str) -> AsyncIterator[PostgresTelemetryStore]:
    stores = PostgresStores(pool=pool, dsn=database, key=KEY)
    await stores.accounts.add_user(
        user_id=OWNER, email="o@example.com", role=Role.ADMIN, password_hash=None, at=NOON
    )
    await stores.site.save_system(system(Site(stores=stores), SYSTEM_ID, "Home"))
    await stores.site.save_adapter(adapter(CLOUD, SYSTEM_ID, "SolArk", Link.CLOUD))
    await stores.site.save_device(
        device_id=PACK,
        system_id=SYSTEM_ID,
        kind="battery_pack",
        name="Bank",
        adapter_id=CLOUD,
        external_id="1",
    )
    yield stores.telemetry
    await stores.stop()


def sample(days: float) -> BatterySample:
    return BatterySample(device_id=PACK, at=NOON + timedelta(days=days), voltage_v=52.0)


async def held(pool: Pool) -> dict[str, int]:
    """Samples per partition, empty ones left out."""
    found = await rows(
        pool,
        "SELECT tableoid::regclass::text AS name, count(*) AS n"
        " FROM battery_bank_samples GROUP BY 1",
    )
    return {each["name"].removeprefix(f"{TABLE}_"): each["n"] for each in found}


async def partitions(pool: Pool) -> list[str]:
    found = await rows(
        pool,
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = 'battery_bank_samples'::regclass ORDER BY 1",
    )
    return [each["name"].removeprefix(f"{TABLE}_") for each in found]


async def test_the_days_around_now_are_made_once(
    telemetry: PostgresTelemetryStore, pool: Pool
) -> None:
    assert await partitions(pool) == ["default"]
    for _ in range(2):
        await telemetry.apply_retention(now=NOON, raw_hours=72.0)
    assert await partitions(pool) == [
        "default",
        *(f"p202606{day}" for day in (20, 21, 22, 23, 24)),
    ]


async def test_samples_without_a_day_wait_and_move_in_when_it_is_made(
    telemetry: PostgresTelemetryStore, pool: Pool
) -> None:
    await telemetry.append([sample(0), sample(1), sample(10)])
    assert await held(pool) == {"default": 3}
    await telemetry.apply_retention(now=NOON, raw_hours=72.0)
    assert await held(pool) == {"p20260621": 1, "p20260622": 1, "default": 1}
    assert await telemetry.append([sample(0), sample(0.1), sample(-2)]) == 2
    assert await held(pool) == {"p20260621": 2, "p20260622": 1, "default": 2}


async def test_old_days_are_dropped_as_time_goes_on(
    telemetry: PostgresTelemetryStore, pool: Pool
) -> None:
    for day in range(8):
        await telemetry.apply_retention(now=NOON + timedelta(days=day), raw_hours=72.0)
        await telemetry.append([sample(day)])
    assert await partitions(pool) == [
        "default",
        *(f"p202606{day}" for day in (25, 26, 27, 28, 29, 30)),
        "p20260701",
    ]
    assert await held(pool) == {f"p202606{day}": 1 for day in (25, 26, 27, 28)}


async def test_a_sample_for_a_day_that_was_dropped_is_kept_until_the_next_sweep(
    telemetry: PostgresTelemetryStore, pool: Pool
) -> None:
    await telemetry.apply_retention(now=NOON, raw_hours=72.0)
    assert await telemetry.append([sample(-9), sample(-1)]) == 2
    assert await held(pool) == {"default": 1, "p20260620": 1}
    assert await telemetry.apply_retention(now=NOON + timedelta(hours=1), raw_hours=72.0) == 1
    assert await held(pool) == {"p20260620": 1}
