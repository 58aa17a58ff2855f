"""What the health view asks of the database and the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.stored import Json


class StoreHealth(Protocol):
    """Whether the database answers."""

    async def check(self) -> Json:
        """``{"ok": bool, "ms": float, "size_bytes": int | None, "detail": str}``; never raises."""
        ...


class JobStore(Protocol):
    """How each scheduled job last went, from every process."""

    async def record(
        self, job: str, *, system_id: UUID | None, at: datetime, ms: float, error: str | None
    ) -> None: ...
    async def all(self) -> Sequence[Json]:
        """``{job, system_id, last_run_at, last_ok_at, last_error, ms}`` per job and system."""
        ...
