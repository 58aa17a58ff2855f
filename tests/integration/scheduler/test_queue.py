"""Several schedulers and workers on one database: one cycle per site and period, none lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import procrastinate
import psycopg
import pytest

from scheduler.execution import JobExecutor
from scheduler.jobs import BY_NAME, Subject, Work
from scheduler.worker import (
    QueueFeeder,
    QueueWorker,
    apply_queue_schema,
    period_of,
    queue_app,
    site_lock,
)
from storage.embedded.server import EmbeddedPostgres
from tests.fakes.clock import SteppingClock
from tests.fakes.stores.control import InMemoryDeviceLocks
from tests.unit.scheduler.test_execution import Records

CONTROL, POLL = BY_NAME["control"], BY_NAME["poll"]
SITES = [Subject(id=UUID(int=n), system_id=UUID(int=n), label=f"site {n}") for n in (1, 2, 3)]


@pytest.fixture
async def dsn(tmp_path: Path) -> AsyncIterator[str]:
    server = EmbeddedPostgres(tmp_path, durable=False)
    address = await server.start()
    await apply_queue_schema(address)
    yield address
    await server.stop()


class Cycles:
    """Counts cycles per site, and whether two of one site ever ran at once."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.going: Counter[int] = Counter()
        self.overlaps = 0
        self.due: list[datetime | None] = []

    async def run(self, system_id: UUID, due_at: datetime | None) -> None:
        number = system_id.int
        self.due.append(due_at)
        self.going[number] += 1
        self.overlaps += self.going[number] > 1
        await asyncio.sleep(0.02)
        self.going[number] -= 1
        self.counts[number] += 1

    def reached(self, counts: dict[int, int]) -> bool:
        return dict(self.counts) == counts

    def work(self) -> Work:
        async def nothing(*_: UUID | None) -> None: ...

        return Work(
            control=self.run,
            poll=nothing,
            advance=nothing,
            check_alerts=nothing,
            roll_up=nothing,
            deliver=nothing,
            retain=nothing,
        )


async def eventually(reached: Callable[[], bool]) -> None:
    for _ in range(500):
        if reached():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not reached in five seconds")


class Machines:
    """Schedulers and workers, each with a connection pool of its own, on one database."""

    def __init__(self, dsn: str, stack: AsyncExitStack) -> None:
        self.dsn, self.clock, self.cycles = dsn, SteppingClock(), Cycles()
        self._stack = stack

    async def app(self) -> procrastinate.App:
        app = queue_app(self.dsn)
        await self._stack.enter_async_context(app.open_async())
        return app

    async def feeder(self) -> QueueFeeder:
        return QueueFeeder(app=await self.app(), clock=self.clock, wall=self.clock)

    async def worker(self, *, start: bool = True) -> QueueWorker:
        worker = QueueWorker(
            app=await self.app(),
            executor=JobExecutor(
                work=self.cycles.work(),
                clock=self.clock,
                locks=InMemoryDeviceLocks(),
                records=Records(),
            ),
            clock=self.clock,
            wall=self.clock,
        )
        if start:
            await worker.start()
            self._stack.push_async_callback(worker.stop)
        return worker


async def test_two_schedulers_and_two_workers_make_one_cycle_per_site_and_period(
    dsn: str,
) -> None:
    async with AsyncExitStack() as stack:
        machines = Machines(dsn, stack)
        feeders = [await machines.feeder(), await machines.feeder()]
        for _ in range(2):
            await machines.worker()
        for period in (1, 2, 3):
            put = await asyncio.gather(
                *(feeder.put(CONTROL, site) for site in SITES for feeder in feeders * 2)
            )
            assert sum(put) == len(SITES)
            await eventually(partial(machines.cycles.reached, {1: period, 2: period, 3: period}))
            assert not any(
                [await feeder.put(CONTROL, site) for site in SITES for feeder in feeders]
            )
            machines.clock.advance(60.0)
        await asyncio.sleep(0.1)
        assert machines.cycles.counts == {1: 3, 2: 3, 3: 3}
        assert machines.cycles.overlaps == 0


async def test_a_dead_workers_job_is_taken_over_and_a_late_one_skipped(dsn: str) -> None:
    async with AsyncExitStack() as stack:
        machines = Machines(dsn, stack)
        feeder, app = await machines.feeder(), await machines.app()
        for site in SITES[:2]:
            await feeder.put(CONTROL, site)
        dead = await app.job_manager.register_worker()
        taken = [await app.job_manager.fetch_job(None, dead) for _ in range(2)]
        assert all(job is not None for job in taken)
        rescuer = await machines.worker(start=False)
        assert await rescuer.rescue() == 0
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            await connection.execute(
                "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"
            )
        # The next period's job of the second site waits already: the dead worker's is dropped.
        machines.clock.advance(60.0)
        assert await feeder.put(CONTROL, SITES[1])
        assert await rescuer.rescue() == 2
        await rescuer.start()
        stack.push_async_callback(rescuer.stop)
        await eventually(lambda: machines.cycles.counts == {1: 1, 2: 1})
        first = machines.clock.now().replace(second=0, microsecond=0) - timedelta(seconds=60)
        # The repeated cycle is the one that was due, so that it sends nothing twice.
        assert set(machines.cycles.due) == {first, first + timedelta(seconds=60)}


async def test_a_period_long_over_is_skipped(dsn: str) -> None:
    async with AsyncExitStack() as stack:
        machines = Machines(dsn, stack)
        feeder = await machines.feeder()
        await feeder.put(CONTROL, SITES[0])
        machines.clock.advance(120.0)
        await feeder.put(CONTROL, SITES[1])
        await machines.worker()
        await eventually(lambda: machines.cycles.counts[2] == 1)
        await asyncio.sleep(0.05)
        assert machines.cycles.counts == {2: 1}


async def test_a_scheduler_whose_clock_lags_repeats_no_period(dsn: str) -> None:
    async with AsyncExitStack() as stack:
        machines = Machines(dsn, stack)
        feeder, now = await machines.feeder(), machines.clock.now()
        await machines.worker()
        for number, at in enumerate((now, now + timedelta(seconds=60)), start=1):
            machines.clock.set(at)
            await feeder.put(CONTROL, SITES[0])
            await eventually(partial(machines.cycles.reached, {1: number}))
        machines.clock.set(now + timedelta(seconds=1))
        assert await feeder.put(CONTROL, SITES[0])
        await feeder.put(CONTROL, SITES[1])
        await eventually(lambda: machines.cycles.counts[2] == 1)
        await asyncio.sleep(0.05)
        assert machines.cycles.counts == {1: 2, 2: 1}


async def test_a_worker_stops_at_once_and_the_schema_is_made_once(dsn: str) -> None:
    assert not await apply_queue_schema(dsn)
    async with AsyncExitStack() as stack:
        worker = await Machines(dsn, stack).worker()
        async with asyncio.timeout(20):
            await worker.stop()


def test_lanes_and_periods() -> None:
    site = SITES[0]
    adapter = Subject(id=UUID(int=7), system_id=site.id, label="VRM", interval_s=180.0)
    assert site_lock(CONTROL, site) != site_lock(POLL, adapter)
    clock = SteppingClock()
    start = clock.now().replace(second=0)
    found = [
        period_of(CONTROL, site, now_s=(start + timedelta(seconds=s)).timestamp())
        for s in (0, 59.9, 60)
    ]
    assert [period - found[0] for period in found] == [0, 0, 1]
    assert period_of(POLL, adapter, now_s=360.0) == 2
