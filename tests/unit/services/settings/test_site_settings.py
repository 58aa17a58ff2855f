"""Settings are checked as a whole, and a broken rule changes nothing."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import OperatingMode, Preferences
from services.errors import Conflict, Invalid, NotFound
from services.settings.site_settings import SiteSettings
from tests.fakes.stores.settings import InMemorySettingsStore

SITE = UUID(int=1)
MINER = MinerProfile(id="m1", name="S21+", power_draw_watts=3_878)
ZONE = Zone(id="z1", name="Heat Room")


@pytest.fixture
def store() -> InMemorySettingsStore:
    return InMemorySettingsStore()


@pytest.fixture
def settings(store: InMemorySettingsStore) -> SiteSettings:
    return SiteSettings(store=store)


async def test_preferences_are_saved_with_who(
    settings: SiteSettings, store: InMemorySettingsStore
) -> None:
    value = Preferences(operating_mode=OperatingMode.AGGRESSIVE)
    saved = await settings.save_preferences(SITE, value, expected_version=None, actor="ana")
    assert saved.value == (await settings.preferences(SITE)).value == value
    assert store.audit == [("ana", "update", "user_preferences")]


async def test_every_problem_is_named_and_nothing_is_stored(
    settings: SiteSettings, store: InMemorySettingsStore
) -> None:
    broken = Preferences(voltage_low=51.0, dead_man_minutes=0.0)
    with pytest.raises(Invalid) as refused:
        await settings.save_preferences(SITE, broken, expected_version=None, actor="ana")
    assert [path for path, _ in refused.value.problems] == ["voltage_low", "dead_man_minutes"]
    assert (await settings.preferences(SITE)).value == Preferences()
    assert store.audit == []


async def test_a_lost_update_is_refused(settings: SiteSettings) -> None:
    version = (await settings.preferences(SITE)).version
    await settings.save_preferences(SITE, Preferences(), expected_version=version, actor="ana")
    with pytest.raises(Conflict):
        await settings.save_preferences(SITE, Preferences(), expected_version=version, actor="bo")


async def test_a_reset_leaves_the_site_where_it_is(settings: SiteSettings) -> None:
    here = Preferences(
        timezone="Europe/Zurich", latitude=47.4, longitude=8.5, voltage_low=46.0, units="imperial"
    )
    await settings.save_preferences(SITE, here, expected_version=None, actor="ana")
    reset = await settings.reset_preferences(SITE, actor="ana")
    assert reset.value == Preferences(timezone="Europe/Zurich", latitude=47.4, longitude=8.5)


async def test_miners(settings: SiteSettings) -> None:
    await settings.save_zone(SITE, ZONE, expected_version=None, actor="ana")
    await settings.save_miner(
        SITE, replace(MINER, zone_id="z1"), expected_version=None, actor="ana"
    )
    await settings.save_miner(
        SITE, replace(MINER, hashrate_ths=235.0), expected_version=None, actor="ana"
    )
    assert [stored.value.hashrate_ths for stored in await settings.miners(SITE)] == [235.0]
    await settings.delete_miner(SITE, "m1", actor="ana")
    assert await settings.miners(SITE) == []
    with pytest.raises(NotFound):
        await settings.delete_miner(SITE, "m1", actor="ana")


async def test_a_miner_needs_its_own_name_a_known_zone_and_sound_voltages(
    settings: SiteSettings,
) -> None:
    await settings.save_miner(SITE, MINER, expected_version=None, actor="ana")
    twin = replace(MINER, id="m2", zone_id="nowhere", start_voltage=40.0)
    with pytest.raises(Invalid) as refused:
        await settings.save_miner(SITE, twin, expected_version=None, actor="ana")
    assert refused.value.problems == [
        (
            "stop_voltage",
            (
                "stop_voltage 50 must be below start_voltage 40 "
                "(order: emergency_stop_voltage < stop_voltage < start_voltage)"
            ),
        ),
        ("name", "there is another one named 'S21+'"),
        ("zone_id", "there is no zone 'nowhere'"),
    ]


async def test_zones(settings: SiteSettings) -> None:
    await settings.save_zone(SITE, ZONE, expected_version=None, actor="ana")
    with pytest.raises(Invalid):
        await settings.save_zone(SITE, replace(ZONE, id="z2"), expected_version=None, actor="ana")
    assert [stored.value for stored in await settings.zones(SITE)] == [ZONE]
    await settings.delete_zone(SITE, "z1", actor="ana")
    with pytest.raises(NotFound):
        await settings.delete_zone(SITE, "z1", actor="ana")
