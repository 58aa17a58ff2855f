"""Where the memory of a site is kept."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from services.memory.records import SiteMemory


class MemoryStore(Protocol):
    """What the loop remembers of a system."""

    async def load(self, system_id: UUID) -> SiteMemory: ...
    async def save(self, system_id: UUID, memory: SiteMemory) -> None: ...
