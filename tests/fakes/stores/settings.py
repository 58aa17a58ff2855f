"""Preferences, miner profiles and zones in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from services.clock import Clock
from services.errors import Conflict
from services.stored import Stored
from tests.fakes.clock import FrozenClock
from tests.fakes.site import InMemorySiteStore

T = TypeVar("T", Preferences, MinerProfile, Zone)


class InMemorySettingsStore:
    """``SettingsStore`` in dictionaries. With ``site``, default preferences take its place."""

    def __init__(
        self, *, clock: Clock | None = None, site: InMemorySiteStore | None = None
    ) -> None:
        self._clock: Clock = clock if clock is not None else FrozenClock()
        self._site = site
        self._preferences: dict[UUID, Stored[Preferences]] = {}
        self._miners: dict[UUID, dict[str, Stored[MinerProfile]]] = {}
        self._zones: dict[UUID, dict[str, Stored[Zone]]] = {}
        self.audit: list[tuple[str, str, str]] = []
        """(actor, action, what) of every change."""

    async def preferences(self, system_id: UUID) -> Stored[Preferences]:
        if system_id not in self._preferences:
            self._preferences[system_id] = self._stored(
                await self._placed(system_id, Preferences()), None
            )
        return await self._at_its_place(system_id)

    async def save_preferences(
        self, system_id: UUID, value: Preferences, *, expected_version: int | None, actor: str
    ) -> Stored[Preferences]:
        current = await self.preferences(system_id)
        _refuse_lost_update("preferences", current.version, expected_version)
        self._preferences[system_id] = self._stored(value, current)
        if self._site is not None:
            await self._site.place(system_id, value)
        self.audit.append((actor, "update", "user_preferences"))
        return self._preferences[system_id]

    async def _at_its_place(self, system_id: UUID) -> Stored[Preferences]:
        """With the system's place, even if another store changed it."""
        stored = self._preferences[system_id]
        placed = await self._placed(system_id, stored.value)
        if placed != stored.value:
            self._preferences[system_id] = self._stored(placed, stored)
        return self._preferences[system_id]

    async def miners(self, system_id: UUID) -> Sequence[Stored[MinerProfile]]:
        mine = self._miners.get(system_id, {}).values()
        return sorted(mine, key=lambda s: (s.value.priority_level, s.value.name, s.value.id))

    async def save_miner(
        self, system_id: UUID, value: MinerProfile, *, expected_version: int | None, actor: str
    ) -> Stored[MinerProfile]:
        mine = self._miners.setdefault(system_id, {})
        current = mine.get(value.id)
        _refuse_lost_update("miner", None if current is None else current.version, expected_version)
        mine[value.id] = self._stored(value, current)
        self.audit.append((actor, "update" if current else "create", "miner_profiles"))
        return mine[value.id]

    async def delete_miner(self, system_id: UUID, miner_id: str, *, actor: str) -> bool:
        gone = self._miners.get(system_id, {}).pop(miner_id, None)
        if gone is not None:
            self.audit.append((actor, "delete", "miner_profiles"))
        return gone is not None

    async def zones(self, system_id: UUID) -> Sequence[Stored[Zone]]:
        mine = self._zones.get(system_id, {}).values()
        return sorted(mine, key=lambda stored: (stored.value.name, stored.value.id))

    async def save_zone(
        self, system_id: UUID, value: Zone, *, expected_version: int | None, actor: str
    ) -> Stored[Zone]:
        mine = self._zones.setdefault(system_id, {})
        current = mine.get(value.id)
        _refuse_lost_update("zone", None if current is None else current.version, expected_version)
        mine[value.id] = self._stored(value, current)
        self.audit.append((actor, "update" if current else "create", "hvac_zones"))
        return mine[value.id]

    async def delete_zone(self, system_id: UUID, zone_id: str, *, actor: str) -> bool:
        gone = self._zones.get(system_id, {}).pop(zone_id, None)
        if gone is None:
            return False
        self.audit.append((actor, "delete", "hvac_zones"))
        for miner_id, stored in self._miners.get(system_id, {}).items():
            if stored.value.zone_id == zone_id:
                freed = replace(stored.value, zone_id=None)
                self._miners[system_id][miner_id] = self._stored(freed, stored)
        return True

    def zone_of(self, zone_id: UUID) -> tuple[UUID, Zone] | None:
        """System and zone with this id, None if unknown."""
        for system_id, zones in self._zones.items():
            if str(zone_id) in zones:
                return system_id, zones[str(zone_id)].value
        return None

    async def _placed(self, system_id: UUID, value: Preferences) -> Preferences:
        """With the place of the system."""
        system = None if self._site is None else await self._site.system(system_id)
        if system is None:
            return value
        return replace(
            value,
            timezone=system.timezone,
            latitude=system.latitude,
            longitude=system.longitude,
        )

    def _stored(self, value: T, before: Stored[T] | None) -> Stored[T]:
        now: datetime = self._clock.now()
        version = 1 if before is None else before.version + 1
        return Stored(value=value, version=version, updated_at=now)


def _refuse_lost_update(what: str, current: int | None, expected: int | None) -> None:
    if expected is None or expected == current:
        return
    if current is None:
        raise Conflict(f"the {what} has been deleted since you read version {expected}")
    raise Conflict(
        f"the {what} has changed since you read version {expected} (now {current}): read it again"
    )
