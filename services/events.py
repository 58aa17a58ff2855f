"""Live events for all processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from services.stored import Json


class EventBus(Protocol):
    """Fan-out of live events to every process (``telemetry decision action alert estop run
    agent``).
    """

    async def publish(self, topic: str, payload: Json) -> None:
        """Publish a small JSON object (≤ 7 kB). It may be lost, but publishing must not block."""
        ...

    def subscribe(self, *topics: str) -> AsyncIterator[tuple[str, Json]]:
        """Events from now on, as (topic, payload), until the iterator is closed."""
        ...
