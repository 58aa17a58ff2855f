"""Live events, health of the store and job runs in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from weakref import WeakSet

from services.chat.subscription import Subscription
from services.stored import Json
from services.views.records import CycleCount, JobRun, StoreAnswer


class InMemoryEventBus:
    """``EventBus`` of one process. ``published`` keeps everything that was published."""

    def __init__(self) -> None:
        self._subscriptions: WeakSet[Subscription] = WeakSet()
        self.published: list[tuple[str, Json]] = []

    async def publish(self, topic: str, payload: Json) -> None:
        self.published.append((topic, payload))
        for subscription in list(self._subscriptions):
            subscription.offer(topic, payload)

    def subscribe(self, *topics: str) -> Subscription:
        subscription = Subscription(frozenset(topics))
        self._subscriptions.add(subscription)
        return subscription


class InMemoryStoreHealth:
    """``StoreHealth`` with a fixed report; set ``ok`` and ``detail``."""

    def __init__(self) -> None:
        self.ok = True
        self.detail = "in memory"

    async def check(self) -> StoreAnswer:
        return {"ok": self.ok, "ms": 0.0, "size_bytes": None, "detail": self.detail}


class InMemoryJobStore:
    """``JobStore`` in a dictionary."""

    def __init__(self) -> None:
        self._jobs: dict[tuple[str, UUID | None], JobRun] = {}
        self._started: dict[UUID, list[tuple[datetime, int]]] = {}

    async def record(
        self, job: str, *, system_id: UUID | None, at: datetime, ms: float, error: str | None
    ) -> None:
        before = self._jobs.get((job, system_id))
        ok_at = None if before is None else before.last_ok_at
        self._jobs[job, system_id] = JobRun(
            job=job,
            system_id=system_id,
            last_run_at=at,
            last_ok_at=at if error is None else ok_at,
            last_error=error,
            ms=ms,
        )

    async def all(self) -> Sequence[JobRun]:
        return [self._jobs[key] for key in sorted(self._jobs, key=lambda k: (k[0], str(k[1])))]

    async def count_cycle(
        self, system_id: UUID, *, started_at: datetime, interval_s: float
    ) -> None:
        starts = self._started.setdefault(system_id, [])
        missed = 0
        if starts:
            gap_s = (started_at - max(at for at, _ in starts)).total_seconds()
            missed = int(min(max(round(gap_s / interval_s) - 1, 0), 86_400 / interval_s))
        starts.append((started_at, missed))

    async def cycles(self, *, now: datetime) -> Sequence[CycleCount]:
        return [
            count
            for system_id, starts in sorted(self._started.items())
            if (count := _count(system_id, starts, now)).runs_24h
        ]

    async def forget_cycles(self, *, now: datetime) -> None:
        oldest = now - timedelta(days=30)
        for system_id, starts in self._started.items():
            self._started[system_id] = [each for each in starts if _hour(each[0]) >= oldest]


def _count(system_id: UUID, starts: Sequence[tuple[datetime, int]], now: datetime) -> CycleCount:
    day = [each for each in starts if now - timedelta(hours=24) < _hour(each[0]) <= now]
    lately = [each for each in day if _hour(each[0]) > now - timedelta(hours=2)]
    return CycleCount(
        system_id=system_id,
        runs_24h=len(day),
        missed_24h=sum(missed for _, missed in day),
        runs_lately=len(lately),
        skipped_lately=sum(missed for _, missed in lately if missed <= 10),
    )


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
