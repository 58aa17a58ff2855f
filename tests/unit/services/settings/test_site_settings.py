"""Settings are checked as a whole, and a broken rule changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from energy.site.loads import LoadKind, Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import OperatingMode, Preferences
from services.errors import Conflict, Invalid, NotFound
from services.settings.site_settings import SiteSettings
from services.sites.records import AdapterConfig, ControlledLoad, System
from tests.fakes.site import InMemorySiteStore
from tests.fakes.stores.settings import InMemorySettingsStore

SITE = UUID(int=1)
MINER = MinerProfile(id="m1", name="S21+", power_draw_watts=3_878)
ZONE = Zone(id="z1", name="Heat Room")
MINERS_SWITCH, OTHER_MINERS_SWITCH, FAN, HEATER = (UUID(int=n) for n in (11, 12, 13, 14))
SWITCHES = AdapterConfig(
    id=UUID(int=2), system_id=SITE, adapter_type="shelly_rpc", name="switches", settings={}
)
LOADS = [
    ControlledLoad(
        id=key,
        system_id=SITE,
        adapter_id=SWITCHES.id,
        name=str(kind),
        kind=kind,
        channel=channel,
    )
    for channel, (key, kind) in enumerate(
        (
            (MINERS_SWITCH, LoadKind.MINER),
            (OTHER_MINERS_SWITCH, LoadKind.MINER),
            (FAN, LoadKind.FAN),
            (HEATER, LoadKind.HEATER),
        )
    )
]


@pytest.fixture
def store() -> InMemorySettingsStore:
    return InMemorySettingsStore()


@pytest.fixture
async def settings(store: InMemorySettingsStore) -> SiteSettings:
    sites = InMemorySiteStore()
    await sites.save_system(
        System(
            id=SITE,
            name="site",
            owner_id=UUID(int=3),
            timezone="UTC",
            latitude=47.0,
            longitude=8.0,
        )
    )
    await sites.save_adapter(SWITCHES)
    for load in LOADS:
        await sites.save_load(load)
    return SiteSettings(store=store, sites=sites, addresses=PublicOnly())


class PublicOnly:
    """Refuses every address inside; counts what it was asked about."""

    async def problems(self, addresses: Sequence[str]) -> dict[str, str]:
        assert addresses, "nothing new: nobody is asked"
        return {each: "json://10.…: not public" for each in addresses if "//10." in each}


async def test_a_new_address_is_checked_and_a_stored_one_is_left_alone(
    settings: SiteSettings, store: InMemorySettingsStore
) -> None:
    """The second was good when it was entered; today its name leads inside, or nowhere."""
    good, inside = "json://hooks.example/x", "json://10.1.2.3/x"
    with pytest.raises(Invalid) as refused:
        await settings.save_preferences(
            SITE,
            Preferences(notify_urls=(good, inside, good, inside)),
            expected_version=None,
            actor="owner",
        )
    assert refused.value.problems == [
        ("notify_urls[1]", "json://10.…: not public"),
        ("notify_urls[3]", "json://10.…: not public"),
    ]
    assert (await store.preferences(SITE)).value.notify_urls == ()
    stored = Preferences(notify_urls=(inside,))
    await store.save_preferences(SITE, stored, expected_version=None, actor="earlier release")
    kept = replace(stored, voltage_low=47.1)
    await settings.save_preferences(SITE, kept, expected_version=None, actor="owner")
    assert (await store.preferences(SITE)).value.voltage_low == 47.1


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


@pytest.mark.parametrize("switch", [str(FAN), str(UUID(int=99)), "x", ""])
async def test_a_miner_hangs_on_a_miners_switch(settings: SiteSettings, switch: str) -> None:
    with pytest.raises(Invalid) as refused:
        await settings.save_miner(
            SITE, replace(MINER, device_id=switch), expected_version=None, actor="ana"
        )
    assert refused.value.problems == [
        ("device_id", f"must be the id of a miner of this site, got {switch!r}")
    ]
    assert await settings.miners(SITE) == []


async def test_two_miners_never_share_a_switch(settings: SiteSettings) -> None:
    first = replace(MINER, device_id=str(MINERS_SWITCH))
    for _ in ("made", "saved again"):
        await settings.save_miner(SITE, first, expected_version=None, actor="ana")
    second = replace(first, id="m2", name="S19")
    with pytest.raises(Invalid) as refused:
        await settings.save_miner(SITE, second, expected_version=None, actor="ana")
    assert refused.value.problems == [("device_id", "its switch is that of 'S21+' already")]
    other = replace(second, device_id=str(OTHER_MINERS_SWITCH).upper())
    await settings.save_miner(SITE, other, expected_version=None, actor="ana")


async def test_a_zones_fan_is_a_fan_and_its_heater_a_heater(settings: SiteSettings) -> None:
    """A fan that were a miner's switch would start the miner when the room is hot, at any
    voltage.
    """
    wrong = replace(
        ZONE,
        exhaust_fan_device_id=str(MINERS_SWITCH),
        heater_device_id=str(FAN),
    )
    with pytest.raises(Invalid) as refused:
        await settings.save_zone(SITE, wrong, expected_version=None, actor="ana")
    assert refused.value.problems == [
        ("exhaust_fan_device_id", f"must be the id of a fan of this site, got '{MINERS_SWITCH}'"),
        ("heater_device_id", f"must be the id of a heater of this site, got '{FAN}'"),
    ]
    right = replace(
        ZONE,
        exhaust_fan_device_id=str(FAN),
        heater_device_id=str(HEATER),
    )
    await settings.save_zone(SITE, right, expected_version=None, actor="ana")
    assert [stored.value for stored in await settings.zones(SITE)] == [right]
