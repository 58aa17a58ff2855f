"""The database goes and comes back: said quickly, mended by itself, seen by other processes."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import UUID

import psycopg
import pytest

from services.errors import Unavailable
from services.stored import Json
from storage.connection.listening import Listener
from storage.connection.pool import Pool, open_pool, row
from storage.connection.together import NotesTogether
from storage.stores.live_events import CHANNEL, PostgresEventBus, PostgresStoreHealth
from storage.stores.locks import PostgresDeviceLocks
from tests.contract.conftest import SYSTEM_ID
from tests.waiting import HANGS_S, until

POOL_WAITS_S = 30.0
"""What a pool of connections waits by itself: an error after less comes from us."""

ONE = "SELECT 1 AS n"
"""Wall time after which nobody is waiting for an answer of 0.5 to 3 s any more."""


def end_sessions(dsn: str) -> None:
    """As a restart of the server does: when this returns, they have ended."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pid, pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert all(gone for _, gone in ended)


def allow(dsn: str, *, connections: bool) -> None:
    """Let clients in or not, as a server that is away or back."""
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    elsewhere = psycopg.conninfo.make_conninfo(dsn, dbname="postgres")
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {connections}".encode())


@asynccontextmanager
async def listening(bus: PostgresEventBus, dsn: str) -> AsyncIterator[None]:
    listener = Listener(dsn=dsn, handlers={CHANNEL: bus.receive})
    await listener.start()
    yield
    await listener.stop()
    await bus.stop()


@pytest.fixture
async def bus(pool: Pool, database: str) -> AsyncIterator[PostgresEventBus]:
    made = PostgresEventBus(notes=NotesTogether(pool=pool))
    async with listening(made, database):
        yield made


async def test_sessions_that_were_cut_are_replaced_without_an_error(
    pool: Pool, database: str
) -> None:
    assert await row(pool, ONE) == {"n": 1}
    end_sessions(database)
    assert await row(pool, ONE) == {"n": 1}


async def test_a_database_that_is_away_is_said_within_seconds_and_found_again(
    pool: Pool, database: str
) -> None:
    health = PostgresStoreHealth(pool=pool)
    allow(database, connections=False)
    with psycopg.connect(
        psycopg.conninfo.make_conninfo(database, dbname="postgres"), autocommit=True
    ) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            (psycopg.conninfo.conninfo_to_dict(database)["dbname"],),
        )
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="does not answer"):
        await row(pool, ONE)
    assert time.monotonic() - begun < POOL_WAITS_S
    answer = await health.check()
    assert (answer["ok"], answer["size_bytes"]) == (False, None)
    allow(database, connections=True)

    async def healthy() -> bool:
        return (await health.check())["ok"]

    await until(healthy)
    assert await row(pool, ONE) == {"n": 1}


async def test_a_server_that_is_not_there_is_said_when_opening(database: str) -> None:
    nowhere = psycopg.conninfo.make_conninfo(database, host="/nowhere")
    with pytest.raises(Unavailable):
        async with open_pool(nowhere, wait_s=0.3):
            pass


async def test_two_processes_never_hold_one_device(database: str) -> None:
    mine, theirs = PostgresDeviceLocks(dsn=database), PostgresDeviceLocks(dsn=database)
    async with mine.hold(SYSTEM_ID) as first, theirs.hold(SYSTEM_ID) as second:
        assert (first, second) == (True, False)
    async with theirs.hold(SYSTEM_ID) as later:
        assert later is True
    await mine.close()
    await theirs.close()


async def test_a_dead_process_gives_its_device_back(database: str) -> None:
    dying, living = PostgresDeviceLocks(dsn=database), PostgresDeviceLocks(dsn=database)
    async with dying.hold(SYSTEM_ID) as held:
        assert held is True
        end_sessions(database)
        async with living.hold(SYSTEM_ID) as taken:
            assert taken is True
    async with dying.hold(SYSTEM_ID) as again:
        assert again is True
    await dying.close()
    await living.close()


async def test_a_lock_can_not_be_had_from_a_database_that_is_away(database: str) -> None:
    locks = PostgresDeviceLocks(dsn=psycopg.conninfo.make_conninfo(database, host="/nowhere"))
    with pytest.raises(Unavailable):
        async with locks.hold(SYSTEM_ID):
            pytest.fail("it was held")


async def test_events_reach_other_processes(
    bus: PostgresEventBus, pool: Pool, database: str
) -> None:
    other = PostgresEventBus(notes=NotesTogether(pool=pool))
    async with listening(other, database):
        heard = other.subscribe("estop")
        await bus.publish("estop", {"latched": True})
        assert await asyncio.wait_for(anext(heard), HANGS_S) == ("estop", {"latched": True})
    assert await anext(heard, None) is None


async def test_a_listener_that_was_cut_off_listens_again(
    bus: PostgresEventBus, database: str
) -> None:
    heard: list[tuple[str, Json]] = []

    async def listen() -> None:
        async for event in bus.subscribe("decision"):
            heard.append(event)  # noqa: PERF401  # it never ends by itself

    listening = asyncio.create_task(listen())
    end_sessions(database)

    async def publish() -> None:
        while not heard:
            await bus.publish("decision", {"n": 1})
            await asyncio.sleep(0.05)

    await asyncio.wait_for(publish(), HANGS_S)
    await until(lambda: heard)
    listening.cancel()
    assert heard[0] == ("decision", {"n": 1})


async def test_an_event_too_large_is_shortened_to_its_id(bus: PostgresEventBus) -> None:
    heard = bus.subscribe("decision")
    await bus.publish("decision", {"id": "7", "text": "x" * 9_000})
    assert await asyncio.wait_for(anext(heard), HANGS_S) == ("decision", {"id": "7"})


@contextmanager
def frozen(dsn: str) -> Iterator[None]:
    """Suspends the server's processes that serve clients of ``dsn``."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        own = connection.info.backend_pid
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        ).fetchall()
    pids = [pid for (pid,) in found if pid != own]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def test_a_server_that_hangs_is_given_up_in_time(
    pool: Pool, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.connection.pool.ANSWER_S", 0.5)
    assert await row(pool, ONE) == {"n": 1}
    with frozen(database):
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="no answer within"):
            await row(pool, ONE)
        assert time.monotonic() - begun < POOL_WAITS_S
        assert await row(pool, ONE) == {"n": 1}, "another connection answers"


async def test_whoever_is_cancelled_while_the_server_hangs_ends_as_cancelled(
    pool: Pool, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.connection.pool.ANSWER_S", 1.0)
    assert await row(pool, ONE) == {"n": 1}
    with frozen(database):
        asking = asyncio.create_task(row(pool, ONE))
        await asyncio.sleep(0.2)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asking, HANGS_S)


async def test_a_lock_is_not_waited_for_when_the_server_hangs(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.connection.pool.ANSWER_S", 0.5)
    locks = PostgresDeviceLocks(dsn=database)
    async with locks.hold(SYSTEM_ID) as held:
        assert held
    with frozen(database), pytest.raises(Unavailable, match="no answer within"):
        async with locks.hold(SYSTEM_ID):
            pytest.fail("it was held")
    async with locks.hold(SYSTEM_ID) as again:
        assert again
    await locks.close()


async def test_the_locks_of_many_devices_are_taken_in_one_call(database: str) -> None:
    mine, theirs = PostgresDeviceLocks(dsn=database), PostgresDeviceLocks(dsn=database)
    devices = [UUID(int=number) for number in range(20)]
    held: list[bool] = []
    release = asyncio.Event()

    async def hold(locks: PostgresDeviceLocks, device: UUID) -> None:
        async with locks.hold(device) as mine_now:
            held.append(mine_now)
            await release.wait()

    async def attempt(locks: PostgresDeviceLocks, device: UUID) -> bool:
        async with locks.hold(device) as mine_now:
            return mine_now

    begun = asyncio.gather(*(hold(mine, device) for device in devices))
    await until(lambda: len(held) == len(devices))
    assert all(held)
    assert not any(await asyncio.gather(*(attempt(theirs, device) for device in devices)))
    release.set()
    await begun
    assert all(await asyncio.gather(*(attempt(theirs, device) for device in devices)))
    await mine.close()
    await theirs.close()


async def test_a_waiter_that_is_cancelled_leaves_no_lock(database: str) -> None:
    mine, theirs = PostgresDeviceLocks(dsn=database), PostgresDeviceLocks(dsn=database)
    async with mine.hold(UUID(int=1)):  # the connection is open now
        pass

    async def hold() -> None:
        async with mine.hold(SYSTEM_ID):
            pytest.fail("it was cancelled before")

    waiting = asyncio.create_task(hold())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(HANGS_S):
        while True:
            async with theirs.hold(SYSTEM_ID) as taken:
                if taken:
                    break
            await asyncio.sleep(0.01)
    await mine.close()
    await theirs.close()
