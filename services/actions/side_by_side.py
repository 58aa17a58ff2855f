"""Work on several devices at once: who is slow goes on alone and holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from services.clock import Clock

T = TypeVar("T")

PATIENCE_S = 20.0
"""Longer than a device takes to show a new state: whoever is not done by then has a problem."""

PATIENCE_WALL_S = 3.0
"""However fast a simulated site runs, devices get this much of the wall's time."""

LONGEST_WALL_S = 180.0
"""Three tries of 15 s with their waits and a rollback take less; what takes longer is ended."""


class SideBySide:
    """Owns the work that goes on after its caller has stopped waiting for it."""

    def __init__(
        self,
        *,
        clock: Clock,
        patience_s: float = PATIENCE_S,
        patience_wall_s: float = PATIENCE_WALL_S,
        longest_wall_s: float = LONGEST_WALL_S,
    ) -> None:
        """How long a caller waits for the slowest device, in site seconds and at least in wall
        seconds, and after how long work is ended that goes on without it.
        """
        self._clock, self._patience_s = clock, patience_s
        self._patience_wall_s, self._longest_wall_s = patience_wall_s, longest_wall_s
        self._going_on: set[asyncio.Task[Any]] = set()

    async def run(self, work: Sequence[Coroutine[None, None, T]]) -> list[T]:
        """The results of what is done in time, in order; the rest goes on without the caller.

        Raises:
            Exception: What ended the first of them that failed; the others go on.
        """
        tasks = [asyncio.create_task(self._bounded(piece)) for piece in work]
        if not tasks:
            return []
        self._going_on.update(tasks)
        for task in tasks:
            task.add_done_callback(self._ended)
        patience_s = max(self._patience_wall_s, self._patience_s / self._clock.speed)
        done, _ = await asyncio.wait(tasks, timeout=patience_s)
        return [task.result() for task in tasks if task in done]

    async def close(self) -> None:
        """End what still goes on: what was begun is settled at the next start."""
        going_on = list(self._going_on)
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)

    def _ended(self, task: asyncio.Task[T]) -> None:
        self._going_on.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: an action that failed is settled by what is stored of it

    async def _bounded(self, work: Coroutine[None, None, T]) -> T:
        async with asyncio.timeout(self._longest_wall_s):
            return await work
