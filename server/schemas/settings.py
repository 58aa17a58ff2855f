"""Settings with their versions, as answered."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

from energy.site.loads import Zone
from energy.site.miners import MinerProfile
from energy.site.preferences import Preferences
from server.schemas.json_shapes import Instant
from services.stored import Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPreferences(Preferences):
    """The owner's preferences and which version of them this is."""

    version: int
    updated_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMiner(MinerProfile):
    """A miner profile and which version of it this is."""

    version: int
    updated_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredZone(Zone):
    """A zone and which version of it this is."""

    version: int
    updated_at: Instant


def stored_miner(stored: Stored[MinerProfile]) -> StoredMiner:
    """A miner profile within a list."""
    return _with_version(StoredMiner, stored)


def stored_zone(stored: Stored[Zone]) -> StoredZone:
    """A zone within a list."""
    return _with_version(StoredZone, stored)


V = TypeVar("V", StoredMiner, StoredZone)


def _with_version(kind: type[V], stored: Stored[MinerProfile] | Stored[Zone]) -> V:
    value = stored.value
    values = {field.name: getattr(value, field.name) for field in fields(value)}
    return kind(**values, version=stored.version, updated_at=stored.updated_at.isoformat())
