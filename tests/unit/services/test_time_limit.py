"""Waiting ends in time, also for work that doesn't."""

from __future__ import annotations

import asyncio

import pytest

from services.errors import Conflict, Unavailable
from services.time_limit import within
from tests.waiting import HANGS_S


async def test_what_comes_in_time_is_returned() -> None:
    assert await within(1.0, asyncio.sleep(0, "answer"), what="It") == "answer"


async def test_its_own_error_comes_through() -> None:
    async def refuse() -> None:
        raise Conflict("taken")

    with pytest.raises(Conflict):
        await within(1.0, refuse(), what="It")


async def test_work_that_ignores_its_cancellation_is_left_behind() -> None:
    done = asyncio.Event()

    async def stubborn() -> None:
        while not done.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue
        raise Conflict("nobody hears this")

    async with asyncio.timeout(HANGS_S):
        with pytest.raises(Unavailable, match=r"It does not answer: no answer within 0.05 s"):
            await within(0.05, stubborn(), what="It")
    done.set()
    await asyncio.sleep(0.05)


async def test_who_waits_can_be_cancelled_and_so_is_the_work() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    waiting = asyncio.create_task(within(1e6, work(), what="It"))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(HANGS_S):
        await cancelled.wait()
