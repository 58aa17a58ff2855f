"""The clocks that the other tests rely on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.fakes.clock import EPOCH, FrozenClock, SteppingClock


async def test_a_stepping_clock_moves_when_someone_sleeps() -> None:
    clock = SteppingClock(speed=10.0)
    await clock.sleep(60)
    assert (clock.now(), clock.slept, clock.speed) == (EPOCH + timedelta(minutes=1), [60], 10.0)
    assert clock.advance(1.5) == EPOCH + timedelta(seconds=61.5)


async def test_a_frozen_clock_wakes_sleepers_when_their_time_has_come() -> None:
    clock = FrozenClock()
    woken: list[str] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    tasks = [asyncio.create_task(sleep(name, s)) for name, s in (("a", 60), ("b", 61), ("c", 0))]
    await asyncio.sleep(0)
    await clock.advance(59.9)
    assert (woken, clock.sleepers) == (["c"], 2)
    await clock.advance(0.1)
    assert woken == ["c", "a"]
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert clock.sleepers == 0
