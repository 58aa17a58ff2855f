"""Clocks that are moved by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
"""Noon of a summer day at the reference site (UTC−7)."""


class SteppingClock:
    """Time stands still until someone sleeps: a sleep moves it at once by its seconds."""

    def __init__(self, at: datetime = EPOCH, *, speed: float = 1.0) -> None:
        """Start at ``at``."""
        self._at = at
        self._speed = speed
        self.slept: list[float] = []

    @property
    def speed(self) -> float:
        """Site seconds per wall second, as the test set them."""
        return self._speed

    def now(self) -> datetime:
        """The instant that was reached."""
        return self._at

    async def sleep(self, seconds: float) -> None:
        """Move the time, remember it in ``slept`` and let other tasks run once."""
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> datetime:
        """Move the time by hand."""
        return self.set(self._at + timedelta(seconds=max(seconds, 0.0)))

    def set(self, at: datetime) -> datetime:
        """Jump to ``at``, also backwards."""
        self._at = at
        return at


class FrozenClock:
    """Time moves by hand only: a sleeper waits until ``advance`` has carried it over its end."""

    def __init__(self, at: datetime = EPOCH, *, speed: float = 1.0) -> None:
        """Start at ``at``."""
        self._at = at
        self._speed = speed
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    @property
    def speed(self) -> float:
        """Site seconds per wall second, as the test set them."""
        return self._speed

    @property
    def sleepers(self) -> int:
        """How many tasks sleep now."""
        return len(self._sleepers)

    def now(self) -> datetime:
        """The instant that was set."""
        return self._at

    async def sleep(self, seconds: float) -> None:
        """Wait until the time has been moved by ``seconds``."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        entry = (self._at + timedelta(seconds=seconds), asyncio.get_running_loop().create_future())
        self._sleepers.append(entry)
        try:
            await entry[1]
        finally:
            if entry in self._sleepers:
                self._sleepers.remove(entry)

    def set(self, at: datetime) -> datetime:
        """Jump to ``at`` and wake all tasks that slept until then."""
        self._at = at
        for entry in [entry for entry in self._sleepers if entry[0] <= at]:
            self._sleepers.remove(entry)
            if not entry[1].done():
                entry[1].set_result(None)
        return at

    async def advance(self, seconds: float) -> datetime:
        """Move the time and let those who wake run."""
        self.set(self._at + timedelta(seconds=seconds))
        for _ in range(5):
            await asyncio.sleep(0)
        return self._at
