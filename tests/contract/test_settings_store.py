"""Preferences, miner profiles, zones, with versions."""

from __future__ import annotations

from dataclasses import fields, replace
from uuid import UUID

import pytest

from energy.site.loads import HeatSource, Zone
from energy.site.miners import ControlMethod, MinerMode, MinerProfile
from energy.site.preferences import ControlLevel, OperatingMode, Preferences
from services.errors import Conflict
from tests.contract.conftest import Site

MINER_ID = str(UUID(int=0x31))


def miner(site: Site) -> MinerProfile:
    return MinerProfile(
        id=MINER_ID,
        name="Primary S21+ (Revenue)",
        model="Antminer S21+",
        hashrate_ths=235.0,
        power_draw_watts=3878.0,
        priority_level=1,
        operating_mode=MinerMode.AGGRESSIVE,
        start_voltage=50.0,
        stop_voltage=47.0,
        emergency_stop_voltage=45.0,
        maximum_runtime_hours=20.5,
        prefer_time_start=18,
        prefer_time_end=10,
        control_method=ControlMethod.SHELLY,
        device_id=str(site.miner_load),
        zone_id=str(site.zone),
    )


def zone(site: Site) -> Zone:
    return Zone(
        id=str(site.zone),
        name="Heat Room",
        temp_too_hot=40.0,
        temp_hot_ok=35.0,
        temp_too_cold=0.5,
        exhaust_fan_enabled=True,
        exhaust_fan_device_id=str(site.fan_load),
        heating_enabled=True,
        heating_priority_1=HeatSource.MINER,
        heating_priority_2=HeatSource.HEATER,
        block_charging_below_temp=0.0,
    )


async def test_preferences_begin_as_defaults_at_the_systems_place(site: Site) -> None:
    stored = await site.stores.settings.preferences(site.system_id)
    assert stored.version == 1
    assert stored.value == Preferences(timezone="America/Denver", latitude=39.7, longitude=-105.0)


async def test_every_preference_is_stored(site: Site) -> None:
    store = site.stores.settings
    value = Preferences(
        voltage_curve=((45.25, 0.0), (56.0, 100.0)),
        battery_capacity_wh=30_000.5,
        voltage_low=47.123,
        operating_mode=OperatingMode.AGGRESSIVE,
        control_level=ControlLevel.AUTOMATIC,
        grid_import_allowed=True,
        max_grid_import_w=1500.0,
        night_reserve_enabled=False,
        dark_day_reserve_wh=9_000.0,
        sun_to_come_trust=0.5,
        balanced_start_band_pct=20.0,
        require_confirmation="never",
        notify_email="owner@example.com",
        notify_urls=("json://127.0.0.1/x", "mailto://u:p@example.com"),
        quiet_hours_start=22,
        quiet_hours_end=7,
        notify_categories=(("battery", True), ("weather", False)),
    )
    saved = await store.save_preferences(
        site.system_id, value, expected_version=None, actor="owner"
    )
    read = await store.preferences(site.system_id)
    assert (read.value, read.version) == (value, saved.version)
    for field in fields(Preferences):
        assert type(getattr(read.value, field.name)) is type(getattr(value, field.name)), field.name


async def test_a_curve_may_be_left_out(site: Site) -> None:
    store = site.stores.settings
    value = Preferences(voltage_curve=None)
    await store.save_preferences(site.system_id, value, expected_version=None, actor="owner")
    assert (await store.preferences(site.system_id)).value == value


async def test_a_lost_update_of_preferences_is_refused(site: Site) -> None:
    store = site.stores.settings
    first = await store.preferences(site.system_id)
    second = await store.save_preferences(
        site.system_id, Preferences(voltage_low=46.5), expected_version=first.version, actor="a"
    )
    assert second.version == first.version + 1
    with pytest.raises(Conflict, match="read it again"):
        await store.save_preferences(
            site.system_id, Preferences(), expected_version=first.version, actor="b"
        )
    assert (await store.preferences(site.system_id)).value.voltage_low == 46.5


async def test_a_miner_is_created_changed_and_deleted(site: Site) -> None:
    store = site.stores.settings
    created = await store.save_miner(
        site.system_id, miner(site), expected_version=None, actor="owner"
    )
    assert (created.value, created.version) == (miner(site), 1)
    other = replace(miner(site), start_voltage=51.25, prefer_time_start=None, prefer_time_end=None)
    changed = await store.save_miner(site.system_id, other, expected_version=1, actor="owner")
    assert (changed.value, changed.version) == (other, 2)
    with pytest.raises(Conflict):
        await store.save_miner(site.system_id, other, expected_version=1, actor="owner")
    assert [stored.value for stored in await store.miners(site.system_id)] == [other]
    assert await store.delete_miner(site.system_id, MINER_ID, actor="owner") is True
    assert await store.delete_miner(site.system_id, MINER_ID, actor="owner") is False
    with pytest.raises(Conflict, match="deleted"):
        await store.save_miner(site.system_id, other, expected_version=2, actor="owner")


async def test_miners_come_by_priority_then_name(site: Site) -> None:
    store = site.stores.settings
    for number, (name, priority) in enumerate([("b", 2), ("c", 1), ("a", 2)]):
        each = replace(
            miner(site), id=str(UUID(int=100 + number)), name=name, priority_level=priority
        )
        await store.save_miner(site.system_id, each, expected_version=None, actor="x")
    assert [s.value.name for s in await store.miners(site.system_id)] == ["c", "a", "b"]
    assert list(await store.miners(site.other_system_id)) == []


async def test_a_zone_keeps_every_field(site: Site) -> None:
    store = site.stores.settings
    await store.save_zone(site.system_id, zone(site), expected_version=1, actor="owner")
    assert [(s.value, s.version) for s in await store.zones(site.system_id)] == [(zone(site), 2)]


async def test_a_deleted_zone_lets_its_miners_go(site: Site) -> None:
    store = site.stores.settings
    await store.save_miner(site.system_id, miner(site), expected_version=None, actor="x")
    assert await store.delete_zone(site.system_id, str(site.zone), actor="x") is True
    assert await store.delete_zone(site.system_id, str(site.zone), actor="x") is False
    assert [s.value.zone_id for s in await store.miners(site.system_id)] == [None]


async def test_another_systems_settings_can_not_be_deleted(site: Site) -> None:
    store = site.stores.settings
    await store.save_miner(site.system_id, miner(site), expected_version=None, actor="x")
    assert await store.delete_miner(site.other_system_id, MINER_ID, actor="x") is False
    assert await store.delete_zone(site.other_system_id, str(site.zone), actor="x") is False
    assert len(await store.miners(site.system_id)) == 1


async def test_an_id_that_is_no_uuid_deletes_nothing(site: Site) -> None:
    assert await site.stores.settings.delete_miner(site.system_id, "s21", actor="x") is False


async def test_a_change_is_seen_at_once_whoever_reads(site: Site) -> None:
    store = site.stores.settings
    for capacity_wh in (40_000.0, 30_000.0):
        stored = await store.preferences(site.system_id)
        changed = replace(stored.value, battery_capacity_wh=capacity_wh)
        await store.save_preferences(
            site.system_id, changed, expected_version=stored.version, actor="x"
        )
        assert (await store.preferences(site.system_id)).value == changed
