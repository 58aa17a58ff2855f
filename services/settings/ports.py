"""Where the owner's settings are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from services.stored import Stored


class AddressCheck(Protocol):
    """Knows which addresses messages could be sent to."""

    async def problems(self, addresses: Sequence[str]) -> Mapping[str, str]:
        """Why which of ``addresses`` cannot be used, by address, in words without secrets."""
        ...


class SettingsStore(Protocol):
    """Preferences, miner profiles, zones. Writes name the version they change; a lost update raises
    ``Conflict``.
    """

    async def preferences(self, system_id: UUID) -> Stored[Preferences]: ...
    async def save_preferences(
        self, system_id: UUID, value: Preferences, *, expected_version: int | None, actor: str
    ) -> Stored[Preferences]: ...
    async def miners(self, system_id: UUID) -> Sequence[Stored[MinerProfile]]: ...
    async def save_miner(
        self, system_id: UUID, value: MinerProfile, *, expected_version: int | None, actor: str
    ) -> Stored[MinerProfile]: ...
    async def delete_miner(self, system_id: UUID, miner_id: str, *, actor: str) -> bool: ...
    async def zones(self, system_id: UUID) -> Sequence[Stored[Zone]]: ...
    async def save_zone(
        self, system_id: UUID, value: Zone, *, expected_version: int | None, actor: str
    ) -> Stored[Zone]: ...
    async def delete_zone(self, system_id: UUID, zone_id: str, *, actor: str) -> bool: ...
