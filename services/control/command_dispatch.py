"""Sends a cycle's commands in a task of their own, so that a slow device delays no cycle."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from services.actions.execution import Execution
from services.actions.records import Action, ActionStatus
from services.clock import Clock
from services.errors import CommandCenterError
from services.sites.records import ControlledLoad

PATIENCE_S = 5.0
"""A cycle waits this long for its commands, site s; healthy devices answer well within it."""

GRACE_S = 2.0
"""When the process ends, commands get this long to finish, and as long again to be cancelled, s."""

log = structlog.get_logger(__name__)


class CommandDispatch:
    """Owns the commands that are still under way when their cycle has ended.

    Commands of two cycles may overlap, because each device is locked while it is commanded. A
    command that the next cycle wants again is refused as in flight; one that found its device busy
    is carried out later by ``Execution.advance``.
    """

    def __init__(
        self, *, execution: Execution, clock: Clock, patience_s: float = PATIENCE_S
    ) -> None:
        """``patience_s`` is site time."""
        self._execution, self._clock, self._patience_s = execution, clock, patience_s
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> int:
        """Number of cycles whose commands are not finished."""
        return len(self._tasks)

    async def send(
        self,
        actions: Sequence[Action],
        staying: Sequence[ControlledLoad],
        auto_off_s: float | None,
    ) -> None:
        """Execute proposed actions and set the dead-man timers of loads that stay on.

        ``auto_off_s`` None sets no timer. Returns when all is done, or after ``patience_s``.

        Raises:
            Unavailable: The database is away; only while the commands are waited for.
        """
        work = self._send(actions, staying, auto_off_s)
        task = asyncio.create_task(work, name="commands")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait({task}, timeout=self._patience_s / self._clock.speed)
        if done:
            task.result()
        else:
            task.add_done_callback(_log_failure)

    async def close(self) -> None:
        """Give commands a moment to finish, then cancel them; the next start settles them."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=GRACE_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=GRACE_S)

    async def _send(
        self,
        actions: Sequence[Action],
        staying: Sequence[ControlledLoad],
        auto_off_s: float | None,
    ) -> None:
        """Execute and refresh in parallel, so that a timer that can't be refreshed delays no
        stop.
        """
        work = [self._execute(actions)]
        if auto_off_s is not None:
            work.append(self._refresh(staying, auto_off_s))
        _raise_first(await asyncio.gather(*work, return_exceptions=True))

    async def _refresh(self, staying: Sequence[ControlledLoad], auto_off_s: float) -> None:
        for problem in await self._execution.refresh_timers(staying, auto_off_s):
            log.warning("timer_not_refreshed", problem=problem)

    async def _execute(self, actions: Sequence[Action]) -> None:
        """Execute all stops, then all starts, because stops free the power that starts need.

        The devices of a group are commanded in parallel: one that fails or is slow delays no other
        of its group.
        """
        for target_on in (False, True):
            group = [
                self._execution.execute(action)
                for action in actions
                if action.target_on is target_on and action.status is ActionStatus.PROPOSED
            ]
            _raise_first(await asyncio.gather(*group, return_exceptions=True))


def _raise_first(ended: Sequence[object]) -> None:
    for outcome in ended:
        if isinstance(outcome, BaseException):
            raise outcome


def _log_failure(task: asyncio.Task[None]) -> None:
    if task.cancelled():
        return
    error = task.exception()
    if isinstance(error, CommandCenterError):
        log.warning("commands_failed", error=str(error))
    elif error is not None:
        log.error("commands_broken", exc_info=error)
