"""The queue of one subscriber of the event bus."""

from __future__ import annotations

import asyncio

from services.stored import Json

QUEUE = 1_000
"""Events that wait for a slow subscriber before the oldest are dropped."""


class Subscription:
    """Events of some topics from its creation on; close it with ``aclose``."""

    def __init__(self, topics: frozenset[str]) -> None:
        """An empty ``topics`` means all topics."""
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
        """End the iteration, also for a waiting reader."""
        self._put(None)

    def _put(self, event: tuple[str, Json] | None) -> None:
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(event)
