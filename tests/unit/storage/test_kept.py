"""What is kept of a site's settings: read once, forgotten at a change, never kept unheard."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from storage.stores.kept import OLDEST_S, Kept

HOME, HUT = UUID(int=1), UUID(int=2)


class Stored:
    """A value in the database, with the number of times it was read."""

    def __init__(self) -> None:
        self.value, self.reads, self.now_s = "first", 0, 0.0
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self) -> str:
        self.reads += 1
        value = self.value
        await self.gate.wait()
        return value


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
def kept(stored: Stored) -> Kept:
    made = Kept(monotonic=lambda: stored.now_s)
    made.begin()
    return made


async def twice(kept: Kept, stored: Stored, system_id: UUID = HOME) -> list[str]:
    return [await kept.get("zones", system_id, stored.read) for _ in range(2)]


async def test_a_value_is_read_once_per_site(kept: Kept, stored: Stored) -> None:
    assert await twice(kept, stored) == ["first", "first"]
    assert stored.reads == 1
    await twice(kept, stored, HUT)
    assert stored.reads == 2


async def test_a_change_is_read_and_other_sites_are_kept(kept: Kept, stored: Stored) -> None:
    await twice(kept, stored)
    await twice(kept, stored, HUT)
    stored.value = "second"
    kept.on_change(str(HOME))
    assert await twice(kept, stored) == ["second", "second"]
    assert await twice(kept, stored, HUT) == ["first", "first"]
    assert stored.reads == 3


async def test_what_is_read_while_a_change_arrives_is_not_kept(kept: Kept, stored: Stored) -> None:
    stored.gate.clear()
    reading = asyncio.create_task(kept.get("zones", HOME, stored.read))
    await asyncio.sleep(0)
    stored.value = "second"
    kept.on_change(str(HOME))
    stored.gate.set()
    assert await reading == "first"
    assert await twice(kept, stored) == ["second", "second"]


async def test_nothing_is_kept_while_nobody_listens(kept: Kept, stored: Stored) -> None:
    await twice(kept, stored)
    kept.end()
    stored.value = "second"
    assert await twice(kept, stored) == ["second", "second"]
    assert stored.reads == 3
    kept.begin()
    await twice(kept, stored)
    assert stored.reads == 4


async def test_what_was_read_before_listening_began_again_is_not_kept(
    kept: Kept, stored: Stored
) -> None:
    stored.gate.clear()
    reading = asyncio.create_task(kept.get("zones", HOME, stored.read))
    await asyncio.sleep(0)
    kept.end()
    kept.begin()
    stored.value = "second"
    stored.gate.set()
    await reading
    assert await twice(kept, stored) == ["second", "second"]


async def test_a_lost_notification_is_made_up_for_in_minutes(kept: Kept, stored: Stored) -> None:
    await twice(kept, stored)
    stored.value = "second"
    stored.now_s = OLDEST_S - 1.0
    assert await twice(kept, stored) == ["first", "first"]
    stored.now_s = OLDEST_S
    assert await twice(kept, stored) == ["second", "second"]
