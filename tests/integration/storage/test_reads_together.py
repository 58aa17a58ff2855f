"""Reads of one moment go to the server together, and none of them suffers from another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from services.errors import CommandCenterError, Invalid, Unavailable
from storage.connection.pool import Pool, open_pool
from storage.connection.together import ReadsTogether

ONE = "SELECT %(number)s::int AS number"
SLOW = "SELECT pg_sleep(0.3)::text AS slept"


@pytest.fixture
async def pool(emptied_database: str) -> AsyncIterator[Pool]:
    async with open_pool(emptied_database, max_size=2) as opened:
        yield opened


async def test_reads_of_one_moment_share_a_connection(pool: Pool) -> None:
    reads = ReadsTogether(pool=pool)
    before = pool.get_stats().get("requests_num", 0)
    found = await asyncio.gather(*(reads.row(ONE, {"number": n}) for n in range(20)))
    assert found == [{"number": n} for n in range(20)]
    assert pool.get_stats()["requests_num"] - before == 1


async def test_a_read_that_is_asked_for_a_turn_later_goes_with_them(pool: Pool) -> None:
    reads = ReadsTogether(pool=pool)

    async def later() -> tuple[object, object]:
        return await asyncio.gather(reads.row(ONE, {"number": 2}), reads.row(ONE, {"number": 3}))

    before = pool.get_stats().get("requests_num", 0)
    first, others = await asyncio.gather(reads.row(ONE, {"number": 1}), later())
    assert first == {"number": 1}
    assert list(others) == [{"number": 2}, {"number": 3}]
    assert pool.get_stats()["requests_num"] - before == 1


async def test_a_read_that_is_refused_spoils_no_other(pool: Pool) -> None:
    reads = ReadsTogether(pool=pool)
    found = await asyncio.gather(
        reads.row(ONE, {"number": 1}),
        reads.row(ONE, {"number": "many"}),
        reads.row("SELECT nothing FROM nowhere", {}),
        reads.row(ONE, {"number": 2}),
        return_exceptions=True,
    )
    assert [found[0], found[3]] == [{"number": 1}, {"number": 2}]
    assert isinstance(found[1], Invalid)
    assert isinstance(found[2], psycopg.errors.UndefinedTable)


async def test_who_gives_up_takes_nothing_from_the_others(pool: Pool) -> None:
    reads = ReadsTogether(pool=pool)
    impatient = asyncio.create_task(reads.row(SLOW, {}))
    patient = asyncio.create_task(reads.row(ONE, {"number": 1}))
    await asyncio.sleep(0.1)
    impatient.cancel()
    assert await patient == {"number": 1}
    assert impatient.cancelled() or await asyncio.wait([impatient])
    assert await reads.row(ONE, {"number": 2}) == {"number": 2}


async def test_all_are_told_that_the_database_is_away(pool: Pool) -> None:
    reads = ReadsTogether(pool=pool)
    await pool.close()
    asked = (reads.row(ONE, {"number": n}) for n in range(3))
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(each, CommandCenterError) for each in found)
    assert {type(each) for each in found} == {Unavailable}
