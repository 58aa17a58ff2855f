"""Live events, health of the store and job runs in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from weakref import WeakSet

from services.chat.subscription import Subscription
from services.stored import Json


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
    """``StoreHealth`` that says what it is told; set ``ok`` and ``detail``."""

    def __init__(self) -> None:
        self.ok = True
        self.detail = "in memory"

    async def check(self) -> Json:
        return {"ok": self.ok, "ms": 0.0, "size_bytes": None, "detail": self.detail}


class InMemoryJobStore:
    """``JobStore`` in a dictionary."""

    def __init__(self) -> None:
        self._jobs: dict[tuple[str, UUID | None], Json] = {}

    async def record(
        self, job: str, *, system_id: UUID | None, at: datetime, ms: float, error: str | None
    ) -> None:
        before = self._jobs.get((job, system_id), {})
        self._jobs[job, system_id] = {
            "job": job,
            "system_id": system_id,
            "last_run_at": at,
            "last_ok_at": at if error is None else before.get("last_ok_at"),
            "last_error": error,
            "ms": ms,
        }

    async def all(self) -> Sequence[Json]:
        return [self._jobs[key] for key in sorted(self._jobs, key=lambda k: (k[0], str(k[1])))]
