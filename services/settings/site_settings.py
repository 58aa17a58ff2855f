"""Preferences, miner profiles and zones, each checked as a whole before it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from energy.site.loads import LoadKind, Zone
from energy.site.miners import MinerProfile
from energy.site.preference_rules import miner_violations, preference_violations, zone_violations
from energy.site.preferences import Preferences
from services.errors import Invalid, NotFound
from services.settings.ports import AddressCheck, SettingsStore
from services.sites.ports import SiteStore
from services.stored import Stored


class SiteSettings:
    """The owner's settings. Every change is stored with who made it; an invalid one changes
    nothing.

    Saving raises ``Invalid`` with every problem found, and ``Conflict`` when ``expected_version``
    is no longer the stored one.
    """

    def __init__(self, *, store: SettingsStore, sites: SiteStore, addresses: AddressCheck) -> None:
        """``sites`` knows the switches that miners and zones may name, ``addresses`` which ones
        messages could be sent to.
        """
        self._store, self._sites, self._addresses = store, sites, addresses

    async def preferences(self, system_id: UUID) -> Stored[Preferences]:
        """The site's preferences."""
        return await self._store.preferences(system_id)

    async def save_preferences(
        self, system_id: UUID, value: Preferences, *, expected_version: int | None, actor: str
    ) -> Stored[Preferences]:
        """Store preferences that keep every rule."""
        _refuse(preference_violations(value))
        _refuse(await self._unusable_addresses(system_id, value.notify_urls))
        return await self._store.save_preferences(
            system_id, value, expected_version=expected_version, actor=actor
        )

    async def reset_preferences(
        self, system_id: UUID, *, actor: str, expected_version: int | None = None
    ) -> Stored[Preferences]:
        """Reset to the defaults; only place and time zone are kept."""
        now = (await self._store.preferences(system_id)).value
        defaults = replace(
            Preferences(),
            timezone=now.timezone,
            latitude=now.latitude,
            longitude=now.longitude,
        )
        return await self._store.save_preferences(
            system_id, defaults, expected_version=expected_version, actor=actor
        )

    async def miners(self, system_id: UUID) -> Sequence[Stored[MinerProfile]]:
        """All miner profiles of the site."""
        return await self._store.miners(system_id)

    async def save_miner(
        self, system_id: UUID, value: MinerProfile, *, expected_version: int | None, actor: str
    ) -> Stored[MinerProfile]:
        """Store a miner profile: every rule kept, a unique name, an existing zone, a switch that is
        a miner's and not another profile's.
        """
        problems = miner_violations(value)
        others = [stored.value for stored in await self._store.miners(system_id)]
        problems += _name_taken(value.id, value.name, [(other.id, other.name) for other in others])
        if value.zone_id is not None:
            zones = {stored.value.id for stored in await self._store.zones(system_id)}
            if value.zone_id not in zones:
                problems.append(("zone_id", f"there is no zone {value.zone_id!r}"))
        problems += await self._not_a(LoadKind.MINER, system_id, "device_id", value.device_id)
        problems += _switch_taken(value, others)
        _refuse(problems)
        return await self._store.save_miner(
            system_id, value, expected_version=expected_version, actor=actor
        )

    async def delete_miner(self, system_id: UUID, miner_id: str, *, actor: str) -> None:
        """Remove a miner profile.

        Raises:
            NotFound: There is none with this id.
        """
        if not await self._store.delete_miner(system_id, miner_id, actor=actor):
            raise NotFound(kind="miner", key=miner_id)

    async def zones(self, system_id: UUID) -> Sequence[Stored[Zone]]:
        """All zones of the site."""
        return await self._store.zones(system_id)

    async def save_zone(
        self, system_id: UUID, value: Zone, *, expected_version: int | None, actor: str
    ) -> Stored[Zone]:
        """Store a zone: every rule kept, a unique name, fan and heater of the right kind."""
        problems = zone_violations(value)
        others = [stored.value for stored in await self._store.zones(system_id)]
        problems += _name_taken(value.id, value.name, [(other.id, other.name) for other in others])
        fan, heater = value.exhaust_fan_device_id, value.heater_device_id
        problems += await self._not_a(LoadKind.FAN, system_id, "exhaust_fan_device_id", fan)
        problems += await self._not_a(LoadKind.HEATER, system_id, "heater_device_id", heater)
        _refuse(problems)
        return await self._store.save_zone(
            system_id, value, expected_version=expected_version, actor=actor
        )

    async def delete_zone(self, system_id: UUID, zone_id: str, *, actor: str) -> None:
        """Remove a zone.

        Raises:
            NotFound: There is none with this id.
        """
        if not await self._store.delete_zone(system_id, zone_id, actor=actor):
            raise NotFound(kind="zone", key=zone_id)

    async def _unusable_addresses(
        self, system_id: UUID, addresses: Sequence[str]
    ) -> list[tuple[str, str]]:
        """Only of those that are new: while the internet is away, one that was good when it was
        entered must not keep the owner from changing a threshold.
        """
        known = set((await self._store.preferences(system_id)).value.notify_urls)
        new = [address for address in dict.fromkeys(addresses) if address not in known]
        problems = await self._addresses.problems(new) if new else {}
        return [
            (f"notify_urls[{index}]", problems[address])
            for index, address in enumerate(addresses)
            if address in problems
        ]

    async def _not_a(
        self, kind: LoadKind, system_id: UUID, field: str, switch: str | None
    ) -> list[tuple[str, str]]:
        """The problem where ``switch`` is no load of ``kind`` at this site: a fan's command must
        not reach a miner, because only the allocator decides its start.
        """
        if switch is None:
            return []
        loads = await self._sites.loads(system_id)
        if switch.lower() in {str(load.id) for load in loads if load.kind is kind}:
            return []
        return [(field, f"must be the id of a {kind} of this site, got {switch!r}")]


def _switch_taken(miner: MinerProfile, others: Sequence[MinerProfile]) -> list[tuple[str, str]]:
    return [
        ("device_id", f"its switch is that of {other.name!r} already")
        for other in others
        if other.id != miner.id
        if miner.device_id is not None and other.device_id == miner.device_id.lower()
    ]


def _name_taken(own_id: str, name: str, others: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    taken = any(other == name and other_id != own_id for other_id, other in others)
    return [("name", f"there is another one named {name!r}")] if taken else []


def _refuse(problems: list[tuple[str, str]]) -> None:
    if problems:
        raise Invalid(problems)
