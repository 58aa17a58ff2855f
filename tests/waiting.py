"""Waiting in tests: as long as a busy machine needs, and never for ever."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

HANGS_S = 60.0
"""After this long something hangs; how fast anything is, ``bench/`` measures and no test."""


async def until(holds: Callable[[], object | Awaitable[object]]) -> None:
    """Wait until ``holds`` gives something true; TimeoutError where it never does."""
    async with asyncio.timeout(HANGS_S):
        while not await _value(holds()):
            await asyncio.sleep(0.01)


async def _value(given: object | Awaitable[object]) -> object:
    return await given if inspect.isawaitable(given) else given
