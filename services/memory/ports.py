"""Store of a site's memory."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from services.memory.records import SiteMemory


class MemoryStore(Protocol):
    """The memory of each system between cycles."""

    async def load(self, system_id: UUID) -> SiteMemory: ...
    async def save(self, system_id: UUID, memory: SiteMemory) -> None: ...
