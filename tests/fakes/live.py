"""Live events, health of the store and job runs in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from weakref import WeakSet

from services.records import Json

QUEUE = 1_000
"""Events that wait for a slow subscriber before the oldest are dropped."""


class Subscription:
    """The events of some topics from its making on; close it with ``aclose``."""

    def __init__(self, topics: frozenset[str]) -> None:
        self._topics = topics
        self._queue: asyncio.Queue[tuple[str, Json] | None] = asyncio.Queue(maxsize=QUEUE)

    def offer(self, topic: str, payload: Json) -> None:
        """Queue an event of a wanted topic, dropping the oldest when full."""
        if not self._topics or topic in self._topics:
            self._put((topic, payload))

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> tuple[str, Json]:
        event = await self._queue.get()
        if event is None:
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """End the iteration; whoever waits is woken."""
        self._put(None)

    def _put(self, event: tuple[str, Json] | None) -> None:
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(event)


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
