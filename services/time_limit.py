"""Waiting for something that may never come."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from services.errors import Unavailable

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[None, None, T], *, what: str) -> T:
    """What ``work`` gives, if it does so in time; otherwise it is left behind.

    ``asyncio.timeout`` waits until the cancelled work has ended, which hangs with work that doesn't
    end; this doesn't.

    Raises:
        Unavailable: Not within ``seconds``.
    """
    task = asyncio.ensure_future(work)
    task.add_done_callback(_ignore_late_failure)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
    if not task.done() or task.cancelled():
        raise Unavailable(what=what, detail=f"no answer within {seconds:g} s", advice="Wait.")
    return task.result()


def _ignore_late_failure(task: asyncio.Future[T]) -> None:
    if not task.cancelled():
        task.exception()
