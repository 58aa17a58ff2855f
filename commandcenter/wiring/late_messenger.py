"""Messages are rare, and the library that sends them takes a second to load: it is loaded late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.alerting.ports import Messenger


class LateMessenger:
    """A ``Messenger`` that is built, off the event loop, when the first message is sent."""

    def __init__(self, *, build: Callable[[], Messenger]) -> None:
        """``build`` runs once, in a thread."""
        self._build = build
        self._messenger: Messenger | None = None
        self._building = asyncio.Lock()

    async def send(self, *, target: str, subject: str, body: str) -> None:
        """Send; raises as the messenger behind it does."""
        async with self._building:
            if self._messenger is None:
                self._messenger = await asyncio.to_thread(self._build)
        await self._messenger.send(target=target, subject=subject, body=body)
