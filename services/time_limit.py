"""A time limit that holds even where cancelled work does not end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from services.errors import Unavailable

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[None, None, T], *, what: str) -> T:
    """The result of ``work`` if it ends within ``seconds``; otherwise it is cancelled and not
    waited for.

    ``asyncio.timeout`` waits until cancelled work has ended and so hangs with work that doesn't
    end.

    Raises:
        Unavailable: ``what`` gave no result within ``seconds``.
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
