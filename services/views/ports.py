"""Ports of the health view: the database and the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.views.records import CycleCount, JobRun, StoreAnswer


class StoreHealth(Protocol):
    """Whether the database answers."""

    async def check(self) -> StoreAnswer:
        """Query the database and measure the time; never raises."""
        ...


class JobStore(Protocol):
    """Last runs of scheduled jobs, and counts of control cycles, of all processes."""

    async def record(
        self, job: str, *, system_id: UUID | None, at: datetime, ms: float, error: str | None
    ) -> None: ...
    async def all(self) -> Sequence[JobRun]:
        """The last run per job and system."""
        ...

    async def count_cycle(
        self, system_id: UUID, *, started_at: datetime, interval_s: float
    ) -> None:
        """Count a control cycle, and count as missed those that were due since the one before."""
        ...

    async def cycles(self, *, now: datetime) -> Sequence[CycleCount]:
        """The cycles of each site that has any in the last 24 h."""
        ...

    async def forget_cycles(self, *, now: datetime) -> None:
        """Drop counts older than 30 days."""
        ...
