"""Systems and what they are made of, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from energy.site.preferences import Preferences
from services.errors import Invalid
from services.sites.records import (
    AdapterConfig,
    ControlledLoad,
    System,
    VendorPause,
    channel_taken,
)
from services.stored import Json

DEVICE_KINDS = ("inverter", "battery_pack")


class InMemorySiteStore:
    """``SiteStore`` in dictionaries; keys are checked as foreign keys would be."""

    def __init__(self) -> None:
        self._systems: dict[UUID, System] = {}
        self._adapters: dict[UUID, AdapterConfig] = {}
        self._loads: dict[UUID, ControlledLoad] = {}
        self._devices: dict[UUID, tuple[UUID, Json]] = {}

    async def systems(self) -> Sequence[System]:
        return sorted(self._systems.values(), key=lambda system: (system.name, system.id))

    async def system(self, system_id: UUID) -> System | None:
        return self._systems.get(system_id)

    async def save_system(self, system: System) -> None:
        self._systems[system.id] = system

    async def place(self, system_id: UUID, value: Preferences) -> None:
        """The owner's place is the system's."""
        system = self._systems.get(system_id)
        if system is not None:
            self._systems[system_id] = replace(
                system,
                timezone=value.timezone,
                latitude=value.latitude,
                longitude=value.longitude,
            )

    async def adapters(self, system_id: UUID) -> Sequence[AdapterConfig]:
        mine = (a for a in self._adapters.values() if a.system_id == system_id)
        return sorted(mine, key=lambda adapter: (adapter.name, adapter.id))

    async def save_adapter(self, adapter: AdapterConfig) -> None:
        self._must_know_system(adapter.system_id)
        known = self._adapters.get(adapter.id)
        if known is not None:
            moved = known.settings.get("base_url") != adapter.settings.get("base_url")
            identity = None if moved else known.identity or adapter.identity
            adapter = replace(adapter, identity=identity)
        self._adapters[adapter.id] = adapter

    async def remember_identity(self, adapter: AdapterConfig, identity: str) -> None:
        stored = self._adapters[adapter.id]
        if stored.identity is None:
            self._adapters[adapter.id] = replace(stored, identity=identity)

    async def loads(self, system_id: UUID) -> Sequence[ControlledLoad]:
        mine = (load for load in self._loads.values() if load.system_id == system_id)
        return sorted(mine, key=lambda load: (load.name, load.id))

    async def save_load(self, load: ControlledLoad) -> None:
        self._must_know_system(load.system_id)
        self._must_know_adapter(load.adapter_id)
        for other in self._loads.values():
            same = (other.adapter_id, other.channel) == (load.adapter_id, load.channel)
            if same and other.id != load.id:
                adapter = self._adapters[load.adapter_id].name
                raise Invalid([channel_taken(load, adapter, other.name)])
        self._loads[load.id] = load

    async def devices(self, system_id: UUID) -> Sequence[Json]:
        mine = [device for owner, device in self._devices.values() if owner == system_id]
        return sorted(mine, key=lambda device: (device["kind"], device["name"], device["id"]))

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
        if kind not in DEVICE_KINDS:
            raise Invalid([("kind", f"must be one of {', '.join(DEVICE_KINDS)}, got {kind!r}")])
        self._must_know_system(system_id)
        self._must_know_adapter(adapter_id)
        self._devices[device_id] = (
            system_id,
            {
                "id": device_id,
                "kind": kind,
                "name": name,
                "adapter_id": adapter_id,
                "external_id": external_id,
            },
        )

    def owner_of(self, device_id: UUID) -> tuple[UUID, AdapterConfig | None] | None:
        """System and adapter of an inverter, battery pack or controlled load; None if unknown."""
        if device_id in self._loads:
            load = self._loads[device_id]
            return load.system_id, self._adapters.get(load.adapter_id)
        if device_id in self._devices:
            system_id, device = self._devices[device_id]
            return system_id, self._adapters.get(device["adapter_id"])
        return None

    def adapter(self, adapter_id: UUID) -> AdapterConfig | None:
        """The adapter with this id."""
        return self._adapters.get(adapter_id)

    def _must_know_system(self, system_id: UUID) -> None:
        if system_id not in self._systems:
            raise Invalid([("system_id", "names nothing that exists")])

    def _must_know_adapter(self, adapter_id: UUID) -> None:
        if adapter_id not in self._adapters:
            raise Invalid([("adapter_id", "names nothing that exists")])


class InMemoryPauseStore:
    """``PauseStore`` in a dictionary."""

    def __init__(self, *, site: InMemorySiteStore) -> None:
        self._site, self._pauses = site, dict[UUID, VendorPause]()

    async def pause(self, adapter_id: UUID) -> VendorPause | None:
        return self._pauses.get(adapter_id)

    async def keep(self, adapter_id: UUID, pause: VendorPause) -> None:
        if self._site.adapter(adapter_id) is not None:
            self._pauses[adapter_id] = pause
