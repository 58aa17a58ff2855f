"""Seeds a fresh database: the admin, and the simulated reference site or an empty one.

Safe to run at every start: what is there stays as the owner left it; only the addresses of the
simulated vendors are brought up to date, because the simulator's port may have changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from energy.site.loads import LoadKind, Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import ControlLevel, Preferences
from energy.site.pv_array import PvArray
from energy.site.reference_site import REFERENCE_MINERS, REFERENCE_ZONES
from energy.site.snapshot import Link
from services.accounts.ports import AccountStore
from services.accounts.records import Role
from services.settings.ports import SettingsStore
from services.sites.ports import SiteStore
from services.sites.records import AdapterConfig, ControlledLoad, System
from simulator.vendors.identity import mac_of

OWNER_ID = UUID("a0000000-0000-0000-0000-000000000001")
SYSTEM_ID = UUID("50000000-0000-0000-0000-000000000001")
PLACE = Preferences()
SIMULATED_ARRAY = PvArray(
    peak_w=14_600.0, tilt_deg=25.0, azimuth_deg=180.0, inverter_limit_w=15_000.0
)
"""PV arrays of ``simulator.physics.site_plan``, as the owner would enter them."""

SIMULATED_EMAIL = "owner@example.com"
"""Address for the simulated site's mail, which its own mail sink keeps."""

INVERTER_SERIAL = "2107199999"
"""The simulated inverter's: with it SolArk's cloud tells the battery's voltage, which stands in
for Victron's.
"""


def _id(number: int) -> UUID:
    return UUID(int=(0x5 << 124) | number)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedLoad:
    """One switched load of the reference site with its simulated Shelly."""

    number: int
    slug: str
    name: str
    kind: LoadKind
    rated_w: float
    zone: int | None = None

    @property
    def load_id(self) -> UUID:
        """The controlled load's id."""
        return _id(0x100 + self.number)

    @property
    def adapter_id(self) -> UUID:
        """The id of its Shelly's adapter."""
        return _id(0x200 + self.number)


PRIMARY = SimulatedLoad(
    number=1,
    slug="primary",
    name="Primary S21+",
    kind=LoadKind.MINER,
    rated_w=3_878.0,
    zone=0,
)
DUMP = SimulatedLoad(
    number=2, slug="dump", name="Dump Load S19 #1", kind=LoadKind.MINER, rated_w=3_250.0, zone=0
)
FAN_1 = SimulatedLoad(
    number=3, slug="fan1", name="Heat Room fan", kind=LoadKind.FAN, rated_w=60.0, zone=0
)
FAN_2 = SimulatedLoad(
    number=4, slug="fan2", name="Main Room fan", kind=LoadKind.FAN, rated_w=60.0, zone=1
)
HEATER_1 = SimulatedLoad(
    number=5, slug="heater1", name="Heat Room heater", kind=LoadKind.HEATER, rated_w=1_500.0, zone=0
)
HEATER_2 = SimulatedLoad(
    number=6, slug="heater2", name="Main Room heater", kind=LoadKind.HEATER, rated_w=1_500.0, zone=1
)
LOADS = (PRIMARY, DUMP, FAN_1, FAN_2, HEATER_1, HEATER_2)

SOLARK_ADAPTER, VRM_ADAPTER = _id(0x301), _id(0x302)
INVERTER, BATTERY_PACK = _id(0x401), _id(0x402)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The stores that seeding writes to."""

    site: SiteStore
    settings: SettingsStore
    accounts: AccountStore


async def seed_owner(accounts: AccountStore, *, email: str, at: datetime) -> None:
    """Create the admin when there is no user yet."""
    if await accounts.users():
        return
    await accounts.add_user(
        user_id=OWNER_ID, email=email, role=Role.ADMIN, password_hash=None, at=at
    )


async def seed_empty_site(stores: Stores) -> None:
    """A site without devices, for the owner's own adapters."""
    if await stores.site.systems():
        return
    await stores.site.save_system(_system(name="My site", simulated=False))


async def seed_simulated_site(stores: Stores, *, simulator_url: str) -> None:
    """The reference site behind the simulator at ``simulator_url``."""
    known = await stores.site.system(SYSTEM_ID)
    if known is None:
        await stores.site.save_system(_system(name="Solar Shack (simulated)", simulated=True))
    elif not known.simulated:
        return
    await _save_adapters(stores.site, simulator_url)
    if known is None:
        await _save_devices(stores.site)
        await _save_settings(stores.settings)


def _system(*, name: str, simulated: bool) -> System:
    return System(
        id=SYSTEM_ID,
        name=name,
        owner_id=OWNER_ID,
        timezone=PLACE.timezone,
        latitude=PLACE.latitude,
        longitude=PLACE.longitude,
        simulated=simulated,
        pv_arrays=(SIMULATED_ARRAY,) if simulated else (),
    )


async def _save_adapters(site: SiteStore, url: str) -> None:
    for adapter in simulated_adapters(url):
        await site.save_adapter(adapter)


def simulated_adapters(url: str) -> list[AdapterConfig]:
    """The reference site's adapters, talking to the simulator at ``url``."""
    clouds = [
        AdapterConfig(
            id=SOLARK_ADAPTER,
            system_id=SYSTEM_ID,
            adapter_type="solark_cloud",
            name="SolArk cloud",
            settings={
                "base_url": f"{url}/solark",
                "plant_id": 1,
                "device_id": str(INVERTER),
                "inverter_serial": INVERTER_SERIAL,
            },
            secrets={"username": "owner@example.com", "password": "simulated"},
            poll_interval_s=120.0,
        ),
        AdapterConfig(
            id=VRM_ADAPTER,
            system_id=SYSTEM_ID,
            adapter_type="victron_vrm",
            name="Victron VRM",
            settings={"base_url": f"{url}/vrm/v2", "site_id": 1, "device_id": str(BATTERY_PACK)},
            secrets={"token": "simulated"},
            poll_interval_s=180.0,
        ),
    ]
    return clouds + [_shelly(load, url) for load in LOADS]


def _shelly(load: SimulatedLoad, url: str) -> AdapterConfig:
    settings = {"base_url": f"{url}/shelly/{load.slug}", "mac": mac_of(load.slug)}
    if load.kind is LoadKind.FAN and load.zone is not None:
        settings["zone_id"] = REFERENCE_ZONES[load.zone].id
    return AdapterConfig(
        id=load.adapter_id,
        system_id=SYSTEM_ID,
        adapter_type="shelly_rpc",
        name=f"Shelly {load.slug}",
        settings=settings,
        secrets={"password": "simulated"},
        poll_interval_s=30.0,
        link=Link.LOCAL,
    )


async def _save_devices(site: SiteStore) -> None:
    await site.save_device(
        device_id=INVERTER,
        system_id=SYSTEM_ID,
        kind="inverter",
        name="SolArk 15K",
        adapter_id=SOLARK_ADAPTER,
        external_id="1",
    )
    await site.save_device(
        device_id=BATTERY_PACK,
        system_id=SYSTEM_ID,
        kind="battery_pack",
        name="LiFePO4 bank",
        adapter_id=VRM_ADAPTER,
        external_id="1",
    )
    for load in LOADS:
        await site.save_load(
            ControlledLoad(
                id=load.load_id,
                system_id=SYSTEM_ID,
                adapter_id=load.adapter_id,
                name=load.name,
                kind=load.kind,
                rated_w=load.rated_w,
            )
        )


async def _save_settings(settings: SettingsStore) -> None:
    stored = await settings.preferences(SYSTEM_ID)
    chosen = replace(
        stored.value, control_level=ControlLevel.AUTOMATIC, notify_email=SIMULATED_EMAIL
    )
    await settings.save_preferences(
        SYSTEM_ID, chosen, expected_version=stored.version, actor="set-up"
    )
    for zone in simulated_zones():
        await settings.save_zone(SYSTEM_ID, zone, expected_version=None, actor="set-up")
    for miner in simulated_miners():
        await settings.save_miner(SYSTEM_ID, miner, expected_version=None, actor="set-up")


def simulated_zones() -> list[Zone]:
    """The reference zones with their fans and heaters."""
    fans, heaters = (FAN_1, FAN_2), (HEATER_1, HEATER_2)
    return [
        replace(
            zone,
            exhaust_fan_device_id=str(fan.load_id),
            heater_device_id=str(heater.load_id),
            sensor_device_id=str(fan.load_id),
        )
        for zone, fan, heater in zip(REFERENCE_ZONES, fans, heaters, strict=True)
    ]


def simulated_miners() -> list[MinerProfile]:
    """The reference miners on their switches, in the heat room."""
    heat_room = REFERENCE_ZONES[0].id
    return [
        replace(miner, device_id=str(load.load_id), zone_id=heat_room)
        for miner, load in zip(REFERENCE_MINERS, (PRIMARY, DUMP), strict=True)
    ]
