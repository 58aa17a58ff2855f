"""Work on several devices in parallel; a slow device's work goes on in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from services.clock import Clock

T = TypeVar("T")

PATIENCE_S = 20.0
"""Longest wait of a caller, site s: longer than a healthy device takes to show a new state."""

PATIENCE_WALL_S = 3.0
"""However fast a simulated site runs, a caller waits at least this much wall time, s."""

LONGEST_WALL_S = 180.0
"""Work is cancelled after this, wall s: three tries of 15 s, their waits and a rollback take
less.
"""


class SideBySide:
    """Runs work in parallel and owns the tasks that continue when their caller no longer waits."""

    def __init__(
        self,
        *,
        clock: Clock,
        patience_s: float = PATIENCE_S,
        patience_wall_s: float = PATIENCE_WALL_S,
        longest_wall_s: float = LONGEST_WALL_S,
    ) -> None:
        """Limits of waiting.

        Args:
            clock: Gives the speed of the site's time.
            patience_s: How long a caller waits for the slowest device, site s.
            patience_wall_s: The least of that in wall s.
            longest_wall_s: When background work is cancelled, wall s.
        """
        self._clock, self._patience_s = clock, patience_s
        self._patience_wall_s, self._longest_wall_s = patience_wall_s, longest_wall_s
        self._going_on: set[asyncio.Task[Any]] = set()

    async def run(self, work: Sequence[Coroutine[None, None, T]]) -> list[T]:
        """Results of the work that ends in time, in order; the rest continues in the background.

        Raises:
            Exception: The error of the first piece of work that failed; the others continue.
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
        """Cancel background work; unfinished actions are settled at the next start."""
        going_on = list(self._going_on)
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)

    def _ended(self, task: asyncio.Task[T]) -> None:
        self._going_on.discard(task)
        if not task.cancelled():
            task.exception()  # marks the error as seen; the stored action is settled later

    async def _bounded(self, work: Coroutine[None, None, T]) -> T:
        async with asyncio.timeout(self._longest_wall_s):
            return await work
