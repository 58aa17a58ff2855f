"""Loads the messaging library with the first message: loading takes a second, messages are rare."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from services.alerting.ports import Messenger, TargetCheck


class CheckingMessenger(Messenger, TargetCheck, Protocol):
    """Sends, and says beforehand where it could."""


class LateMessenger:
    """A ``CheckingMessenger`` that is built, off the event loop, when it is first needed."""

    def __init__(self, *, build: Callable[[], CheckingMessenger]) -> None:
        """``build`` runs once, in a thread."""
        self._build = build
        self._messenger: CheckingMessenger | None = None
        self._building = asyncio.Lock()

    async def send(self, *, target: str, subject: str, body: str) -> None:
        """Send; raises as the messenger behind it does."""
        await (await self._built()).send(target=target, subject=subject, body=body)

    async def check(self, target: str) -> None:
        """Refuse a target; raises as the messenger behind it does."""
        await (await self._built()).check(target)

    async def _built(self) -> CheckingMessenger:
        async with self._building:
            if self._messenger is None:
                self._messenger = await asyncio.to_thread(self._build)
            return self._messenger
