"""A cache of a site's configuration, valid until the database notifies of a change.

A control cycle reads a site's settings in eight statements, but they change a few times a year.
Each process keeps them and gets ``commandcenter_settings`` notifications of changes (migration
0091). While it does not listen, nothing is kept.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from services.settings.ports import SettingsStore
from services.sites.ports import SiteStore
from services.sites.records import AdapterConfig, ControlledLoad, System
from services.stored import Json, Stored

CHANNEL = "commandcenter_settings"
OLDEST_S = 300.0
"""Longest time a value is kept, s, in case a notification is lost."""

T = TypeVar("T")


class Kept:
    """Cached values by site and kind. Shared by all stores of a process."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Nothing is kept before ``begin``."""
        self._monotonic = monotonic
        self._values: dict[UUID, dict[str, tuple[float, Any]]] = {}
        self._changes: dict[UUID, int] = {}
        self._is_listening, self._epoch = False, 0

    def begin(self) -> None:
        """Begin to keep values: changes are notified from now on."""
        self._is_listening, self._epoch = True, self._epoch + 1
        self._values.clear()

    def end(self) -> None:
        """Drop all values and keep none: changes are not notified any more."""
        self._is_listening = False
        self._values.clear()

    def forget(self, system_id: UUID) -> None:
        """Drop the values of a site whose configuration has changed."""
        self._changes[system_id] = self._changes.get(system_id, 0) + 1
        self._values.pop(system_id, None)

    def on_change(self, payload: str) -> None:
        """Handle a notification: the site's id."""
        self.forget(UUID(payload))

    async def get(self, what: str, system_id: UUID, load: Callable[[], Awaitable[T]]) -> T:
        """The kept value, or what ``load`` reads now.

        A value read while a change arrives is not kept, because it may be the old one.
        """
        kept_value = self._values.get(system_id, {}).get(what)
        if kept_value is not None and self._monotonic() - kept_value[0] < OLDEST_S:
            value: T = kept_value[1]
            return value
        state = (self._epoch, self._changes.get(system_id, 0))
        read_s, value = self._monotonic(), await load()
        if self._is_listening and state == (self._epoch, self._changes.get(system_id, 0)):
            self._values.setdefault(system_id, {})[what] = (read_s, value)
        return value


class KeptSettings:
    """``SettingsStore`` that reads through ``Kept``."""

    def __init__(self, *, store: SettingsStore, kept: Kept) -> None:
        self._store, self._kept = store, kept

    async def preferences(self, system_id: UUID) -> Stored[Preferences]:
        """The owner's preferences."""
        return await self._kept.get(
            "preferences", system_id, lambda: self._store.preferences(system_id)
        )

    async def save_preferences(
        self, system_id: UUID, value: Preferences, *, expected_version: int | None, actor: str
    ) -> Stored[Preferences]:
        """Replace them."""
        try:
            return await self._store.save_preferences(
                system_id, value, expected_version=expected_version, actor=actor
            )
        finally:
            self._kept.forget(system_id)

    async def miners(self, system_id: UUID) -> Sequence[Stored[MinerProfile]]:
        """By priority, name, id."""
        return await self._kept.get("miners", system_id, lambda: self._store.miners(system_id))

    async def save_miner(
        self, system_id: UUID, value: MinerProfile, *, expected_version: int | None, actor: str
    ) -> Stored[MinerProfile]:
        """Insert or update."""
        try:
            return await self._store.save_miner(
                system_id, value, expected_version=expected_version, actor=actor
            )
        finally:
            self._kept.forget(system_id)

    async def delete_miner(self, system_id: UUID, miner_id: str, *, actor: str) -> bool:
        """Delete; whether there was one."""
        try:
            return await self._store.delete_miner(system_id, miner_id, actor=actor)
        finally:
            self._kept.forget(system_id)

    async def zones(self, system_id: UUID) -> Sequence[Stored[Zone]]:
        """By name, id."""
        return await self._kept.get("zones", system_id, lambda: self._store.zones(system_id))

    async def save_zone(
        self, system_id: UUID, value: Zone, *, expected_version: int | None, actor: str
    ) -> Stored[Zone]:
        """Insert or update."""
        try:
            return await self._store.save_zone(
                system_id, value, expected_version=expected_version, actor=actor
            )
        finally:
            self._kept.forget(system_id)

    async def delete_zone(self, system_id: UUID, zone_id: str, *, actor: str) -> bool:
        """Delete; whether there was one."""
        try:
            return await self._store.delete_zone(system_id, zone_id, actor=actor)
        finally:
            self._kept.forget(system_id)


class KeptSites:
    """``SiteStore`` that reads the parts of one site through ``Kept``.

    The list of systems is not cached, because its callers look for new ones.
    """

    def __init__(self, *, store: SiteStore, kept: Kept) -> None:
        self._store, self._kept = store, kept

    async def systems(self) -> Sequence[System]:
        """All systems by name."""
        return await self._store.systems()

    async def system(self, system_id: UUID) -> System | None:
        """One by id."""
        return await self._kept.get("system", system_id, lambda: self._store.system(system_id))

    async def save_system(self, system: System) -> None:
        """Insert or update."""
        try:
            await self._store.save_system(system)
        finally:
            self._kept.forget(system.id)

    async def adapters(self, system_id: UUID) -> Sequence[AdapterConfig]:
        """A system's adapters by name, with their secrets."""
        return await self._kept.get("adapters", system_id, lambda: self._store.adapters(system_id))

    async def save_adapter(self, adapter: AdapterConfig) -> None:
        """Insert or update."""
        try:
            await self._store.save_adapter(adapter)
        finally:
            self._kept.forget(adapter.system_id)

    async def remember_identity(self, adapter: AdapterConfig, identity: str) -> None:
        """Store the device's identity, unless one is stored already."""
        try:
            await self._store.remember_identity(adapter, identity)
        finally:
            self._kept.forget(adapter.system_id)

    async def loads(self, system_id: UUID) -> Sequence[ControlledLoad]:
        """A system's controlled loads by name."""
        return await self._kept.get("loads", system_id, lambda: self._store.loads(system_id))

    async def save_load(self, load: ControlledLoad) -> None:
        """Insert or update."""
        try:
            await self._store.save_load(load)
        finally:
            self._kept.forget(load.system_id)

    async def devices(self, system_id: UUID) -> Sequence[Json]:
        """Inverters and battery packs."""
        return await self._kept.get("devices", system_id, lambda: self._store.devices(system_id))

    async def save_device(
        self,
        *,
        device_id: UUID,
        system_id: UUID,
        kind: str,
        name: str,
        adapter_id: UUID,
        external_id: str,
    ) -> None:
        """Insert or update, in the system's first array."""
        try:
            await self._store.save_device(
                device_id=device_id,
                system_id=system_id,
                kind=kind,
                name=name,
                adapter_id=adapter_id,
                external_id=external_id,
            )
        finally:
            self._kept.forget(system_id)
