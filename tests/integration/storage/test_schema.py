"""What the schema refuses, and that it agrees with the rules that are told to people first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg
import pytest

from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preference_rules import miner_violations, preference_violations, zone_violations
from energy.site.preferences import Preferences
from energy.site.snapshot import Link
from services.accounts.records import Role
from services.alerting.records import OutboxMessage
from services.errors import Conflict, Invalid
from storage.all_stores import PostgresStores
from storage.connection.pool import Pool, connected
from tests.contract.conftest import CLOUD, KEY, NOON, OWNER, SYSTEM_ID, Site, adapter, system

TEMPERATURES = ("temp_too_hot", "temp_hot_ok", "temp_cold_ok", "temp_too_cold")
NAN, INFINITY = float("nan"), float("inf")
MINER = MinerProfile(id=str(UUID(int=1)), name="S21", power_draw_watts=3878.0)
ZONE = Zone(
    id=str(UUID(int=2)),
    name="Heat Room",
    temp_too_hot=40.0,
    temp_hot_ok=35.0,
    temp_cold_ok=5.0,
    temp_too_cold=0.0,
)

PREFERENCES: list[tuple[str, Any]] = [
    ("voltage_shutdown", 45.0),
    ("voltage_shutdown", NAN),
    ("voltage_critical_low", 47.1),
    ("voltage_critical_low", 44.0),
    ("voltage_low", 50.0),
    ("voltage_restart", 50.1),
    ("voltage_optimal_min", 54.5),
    ("voltage_optimal_max", 55.1),
    ("voltage_float", 57.6),
    ("voltage_absorption", 58.1),
    ("voltage_full", 58.9),
    ("voltage_full", NAN),
    ("battery_absolute_max", NAN),
    ("battery_absolute_max", INFINITY),
    ("battery_absolute_min", 58.8),
    ("battery_absolute_min", NAN),
    ("voltage_at_0_percent", 56.0),
    ("voltage_at_100_percent", NAN),
    ("voltage_curve", ((45.0, 0.0),)),
    ("voltage_curve", ()),
    ("voltage_curve", ((45.0, 0.0), (44.0, 100.0))),
    ("voltage_curve", ((45.0, 0.0), (50.0, 50.0), (51.0, 50.0), (56.0, 100.0))),
    ("voltage_curve", ((45.0, 1.0), (56.0, 100.0))),
    ("voltage_curve", ((45.0, 0.0), (56.0, 99.0))),
    ("voltage_curve", tuple((45.0 + n, n * 2.0) for n in range(51))),
    ("battery_nominal_v", 0.0),
    ("battery_capacity_wh", 0.0),
    ("battery_capacity_wh", INFINITY),
    ("max_grid_import_w", -1.0),
    ("battery_discharge_allowance_w", -1.0),
    ("max_battery_discharge_w", NAN),
    ("budget_tolerance_w", -0.5),
    ("budget_delay_minutes", 61.0),
    ("night_margin", 0.9),
    ("sun_to_come_trust", NAN),
    ("unknown_night_hours", 25.0),
    ("assumed_base_load_w", INFINITY),
    ("dark_day_reserve_wh", 48_001.0),
    ("overcast_sun_pct", 101.0),
    ("reserve_ceiling_pct", 49.0),
    ("balanced_stop_band_pct", 16.0),
    ("balanced_start_step_pct", 5.0),
    ("aggressive_start_band_pct", -51.0),
    ("aggressive_stop_step_pct", 8.5),
    ("sun_stop_soc_pct", 61.0),
    ("sun_start_soc_pct", 101.0),
    ("sun_start_step_pct", 51.0),
    ("sun_lend_soc_pct", 61.0),
    ("sun_delay_minutes", 60.5),
    ("max_starts_per_cycle", 0),
    ("soc_critical_pct", 41.0),
    ("soc_minimum_pct", 101.0),
    ("soc_pause_miners_pct", 81.0),
    ("soc_target_pct", NAN),
    ("stale_after_s", 0.0),
    ("stale_after_s", 1801.0),
    ("stale_after_local_s", 301.0),
    ("failsafe_after_s", INFINITY),
    ("manual_hold_minutes", -1.0),
    ("dead_man_minutes", 0.5),
    ("dead_man_minutes", 31.0),
    ("approval_minutes", 0.5),
    ("latitude", 90.5),
    ("longitude", -180.5),
    ("solar_priority_start", 24),
    ("quiet_hours_start", 22),
    ("units", "furlongs"),
    ("temperature_unit", "k"),
    ("power_unit", "hp"),
    ("require_confirmation", "perhaps"),
]
MINERS: list[tuple[str, Any]] = [
    ("name", " "),
    ("power_draw_watts", 0.0),
    ("power_draw_watts", NAN),
    ("hashrate_ths", -1.0),
    ("priority_level", 0),
    ("priority_level", 11),
    ("emergency_stop_voltage", 50.0),
    ("emergency_stop_voltage", 0.0),
    ("stop_voltage", 52.0),
    ("start_voltage", NAN),
    ("start_hysteresis_minutes", -1.0),
    ("minimum_on_minutes", NAN),
    ("minimum_excess_watts", -1.0),
    ("minimum_solar_production_watts", INFINITY),
    ("maximum_runtime_hours", -1.0),
    ("maximum_runtime_hours", 26.0),
    ("prefer_time_start", 24),
    ("prefer_time_end", 6),
]
ZONES: list[tuple[str, Any]] = [
    ("name", ""),
    ("temp_too_hot", 35.0),
    ("temp_hot_ok", 5.0),
    ("temp_cold_ok", 0.0),
    ("temp_too_cold", NAN),
    ("block_charging_below_temp", INFINITY),
    ("exhaust_fan_max_speed", 0),
    ("exhaust_fan_max_speed", 11),
    ("minimum_solar_for_heating_watts", -1.0),
]


def ids(rows: list[tuple[str, Any]]) -> list[str]:
    return [f"{name}={str(value)[:16]}" for name, value in rows]


@pytest.fixture
async def stores(pool: Pool, database: str) -> AsyncIterator[PostgresStores]:
    made = PostgresStores(pool=pool, dsn=database, key=KEY)
    await made.accounts.add_user(
        user_id=OWNER, email="o@example.com", role=Role.ADMIN, password_hash=None, at=NOON
    )
    await made.site.save_system(system(Site(stores=made), SYSTEM_ID, "Home"))
    yield made
    await made.stop()


async def refused_fields(saving: Any) -> set[str]:
    with pytest.raises(Invalid) as refused:
        await saving
    return {path for path, _ in refused.value.problems}


async def test_preferences_that_break_a_rule_are_refused_by_name(stores: PostgresStores) -> None:
    for name, value in PREFERENCES:
        broken = replace(Preferences(), **{name: value})
        assert preference_violations(broken), name
        saving = stores.settings.save_preferences(
            SYSTEM_ID, broken, expected_version=None, actor="x"
        )
        assert name in await refused_fields(saving), (name, value)
    stored = await stores.settings.preferences(SYSTEM_ID)
    assert stored.version == 1


async def test_miners_that_break_a_rule_are_refused_by_name(stores: PostgresStores) -> None:
    for name, value in MINERS:
        broken = replace(MINER, **{name: value})
        assert miner_violations(broken), name
        saving = stores.settings.save_miner(SYSTEM_ID, broken, expected_version=None, actor="x")
        assert name in await refused_fields(saving), (name, value)
    assert list(await stores.settings.miners(SYSTEM_ID)) == []


async def test_zones_that_break_a_rule_are_refused_by_name(stores: PostgresStores) -> None:
    for name, value in ZONES:
        broken = replace(ZONE, **{name: value})
        assert zone_violations(broken), name
        saving = stores.settings.save_zone(SYSTEM_ID, broken, expected_version=None, actor="x")
        assert name in await refused_fields(saving), (name, value)


@pytest.mark.parametrize("missing", TEMPERATURES)
async def test_the_order_of_temperatures_holds_around_a_missing_one(
    stores: PostgresStores, missing: str
) -> None:
    gap: dict[str, Any] = {missing: None}
    fine = replace(ZONE, **gap)
    await stores.settings.save_zone(SYSTEM_ID, fine, expected_version=None, actor="x")
    for hotter, colder in pairwise(name for name in TEMPERATURES if name != missing):
        same: dict[str, Any] = {hotter: getattr(fine, colder)}
        saving = stores.settings.save_zone(
            SYSTEM_ID, replace(fine, **same), expected_version=None, actor="x"
        )
        assert hotter in await refused_fields(saving)


async def test_a_setting_can_not_point_at_another_owners_switch(stores: PostgresStores) -> None:
    foreign = replace(MINER, device_id=str(UUID(int=77)), zone_id=None)
    saving = stores.settings.save_miner(SYSTEM_ID, foreign, expected_version=None, actor="x")
    assert await refused_fields(saving) == {"device_id"}


async def test_the_logs_are_append_only(stores: PostgresStores, pool: Pool) -> None:
    record = await stores.decisions.append(SYSTEM_ID, NOON, {"n": 1}, "1")
    for statement in ("UPDATE decisions SET version = '2'", "DELETE FROM decisions"):
        with pytest.raises(Conflict, match="append-only"):
            async with connected(pool) as connection:
                await connection.execute(statement)
    assert await stores.decisions.get(record.id) == record
    async with connected(pool) as connection:
        await connection.execute("DELETE FROM systems")
    assert await stores.decisions.get(record.id) is None


async def test_secrets_are_not_readable_in_the_database(
    stores: PostgresStores, database: str
) -> None:
    await stores.site.save_adapter(adapter(CLOUD, SYSTEM_ID, "SolArk", Link.CLOUD))
    settings = Preferences(notify_urls=("mailto://me:hunter2@example.com",))
    for _ in range(2):
        await stores.settings.save_preferences(
            SYSTEM_ID, settings, expected_version=None, actor="x"
        )
    message = OutboxMessage(
        id=UUID(int=5),
        system_id=SYSTEM_ID,
        alert_id=None,
        dedupe_key="k",
        target="mailto://me:hunter2@example.com",
        subject="",
        body="",
        created_at=NOON,
        next_try_at=NOON,
    )
    await stores.outbox.put([message])
    with psycopg.connect(database) as connection:
        found = [
            str(connection.execute(query).fetchall())
            for query in (
                "SELECT adapters::text FROM adapters",
                "SELECT user_preferences::text FROM user_preferences",
                "SELECT notifications::text FROM notifications",
                "SELECT audit_log::text FROM audit_log",
            )
        ]
    assert all("p\u00e4ss" not in text and "password" not in text for text in found)
    assert all("hunter2" not in text for text in found)


async def test_another_key_stops_neither_control_nor_other_messages(
    stores: PostgresStores, pool: Pool, database: str
) -> None:
    settings = Preferences(notify_urls=("json://127.0.0.1/",), voltage_low=46.5)
    await stores.settings.save_preferences(SYSTEM_ID, settings, expected_version=None, actor="x")
    await stores.site.save_adapter(adapter(CLOUD, SYSTEM_ID, "SolArk", Link.CLOUD))
    other = PostgresStores(pool=pool, dsn=database, key=bytes(32))
    read = await other.settings.preferences(SYSTEM_ID)
    assert read.value == replace(settings, notify_urls=())
    with pytest.raises(Invalid, match="restore the key"):
        await other.site.adapters(SYSTEM_ID)
