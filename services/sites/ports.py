"""Store of systems, adapters and controlled loads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from services.sites.records import AdapterConfig, ControlledLoad, System, VendorPause
from services.stored import Json


class SiteStore(Protocol):
    """Systems with their adapters, loads and devices."""

    async def systems(self) -> Sequence[System]: ...
    async def system(self, system_id: UUID) -> System | None: ...
    async def save_system(self, system: System) -> None: ...
    async def adapters(self, system_id: UUID) -> Sequence[AdapterConfig]: ...
    async def save_adapter(self, adapter: AdapterConfig) -> None:
        """Insert or update. A new base URL forgets the identity, anything else keeps it."""
        ...

    async def remember_identity(self, adapter: AdapterConfig, identity: str) -> None:
        """Store the identity of the adapter's device, unless one is stored already."""
        ...

    async def loads(self, system_id: UUID) -> Sequence[ControlledLoad]: ...
    async def save_load(self, load: ControlledLoad) -> None:
        """Insert or update.

        Raises:
            Invalid: No such adapter, or its channel switches another load already.
        """
        ...

    async def devices(self, system_id: UUID) -> Sequence[Json]:
        """Inverters and battery packs: ``{id, kind: inverter|battery_pack, name, adapter_id,
        external_id}``.
        """
        ...

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
        """Insert or update an inverter or battery pack (with the array rows that its keys need)."""
        ...


class PauseStore(Protocol):
    """The newest pause that the vendor of each adapter has asked for."""

    async def pause(self, adapter_id: UUID) -> VendorPause | None:
        """As stored, also when it is over."""
        ...

    async def keep(self, adapter_id: UUID, pause: VendorPause) -> None:
        """Replace the adapter's pause; nothing happens where the adapter is gone."""
        ...
