"""Several schedulers and workers on one database: one cycle per site and period, none lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import procrastinate
import psycopg
import pytest

from scheduler.execution import JobExecutor
from scheduler.feeder import BATCH, OpenSites, QueueFeeder
from scheduler.jobs import BY_NAME, Subject, Work
from scheduler.queue_runs import period_of, site_lock
from scheduler.worker import QueueWorker, apply_queue_schema, queue_app
from storage.embedded.server import EmbeddedPostgres
from tests.fakes.clock import SteppingClock
from tests.fakes.stores.control import InMemoryDeviceLocks
from tests.unit.scheduler.test_execution import Records
from tests.waiting import until

CONTROL, POLL, ADVANCE = BY_NAME["control"], BY_NAME["poll"], BY_NAME["advance"]
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
        self.polls: Counter[int] = Counter()
        self.advances: Counter[int] = Counter()
        self.hanging: set[int] = set()

    async def run(self, system_id: UUID, due_at: datetime | None) -> None:
        number = system_id.int
        self.due.append(due_at)
        self.going[number] += 1
        self.overlaps += self.going[number] > 1
        await asyncio.sleep(0.02)
        self.going[number] -= 1
        self.counts[number] += 1

    async def poll(self, adapter_id: UUID, _: UUID | None) -> None:
        self.polls[adapter_id.int] += 1
        if adapter_id.int in self.hanging:
            await asyncio.sleep(60.0)

    async def advance(self, system_id: UUID) -> None:
        self.advances[system_id.int] += 1

    def reached(self, counts: dict[int, int]) -> bool:
        return dict(self.counts) == counts

    def work(self) -> Work:
        async def nothing(*_: UUID | None) -> None: ...

        return Work(
            control=self.run,
            poll=self.poll,
            advance=self.advance,
            check_alerts=nothing,
            roll_up=nothing,
            deliver=nothing,
            retain=nothing,
        )


class Machines:
    """Schedulers and workers, each with a connection pool of its own, on one database."""

    def __init__(self, dsn: str, stack: AsyncExitStack) -> None:
        self.dsn, self.clock, self.cycles = dsn, SteppingClock(), Cycles()
        self._stack = stack

    async def app(self) -> procrastinate.App:
        app = queue_app(self.dsn)
        await self._stack.enter_async_context(app.open_async())
        return app

    async def feeder(self, open_sites: OpenSites | None = None) -> QueueFeeder:
        return QueueFeeder(
            app=await self.app(), clock=self.clock, wall=self.clock, open_sites=open_sites
        )

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
            await until(partial(machines.cycles.reached, {1: period, 2: period, 3: period}))
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
        await until(lambda: machines.cycles.counts == {1: 1, 2: 1})
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
        await until(lambda: machines.cycles.counts[2] == 1)
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
            await until(partial(machines.cycles.reached, {1: number}))
        machines.clock.set(now + timedelta(seconds=1))
        assert await feeder.put(CONTROL, SITES[0])
        await feeder.put(CONTROL, SITES[1])
        await until(lambda: machines.cycles.counts[2] == 1)
        await asyncio.sleep(0.05)
        assert machines.cycles.counts == {1: 2, 2: 1}


@pytest.mark.parametrize(
    "ahead_s",
    [
        pytest.param(4 * 60.0, id="4 min"),
        pytest.param(3_600.0, id="an hour"),
        pytest.param(74 * 365 * 86_400.0, id="until the year 2100"),
    ],
)
async def test_jobs_go_on_after_a_clock_that_ran_ahead_was_set_right(
    dsn: str, ahead_s: float
) -> None:
    async with AsyncExitStack() as stack:
        machines = Machines(dsn, stack)
        feeder, now = await machines.feeder(), machines.clock.now()
        await machines.worker()
        polled, times = adapters(1)[0], [ahead_s, 0.0, 60.0, 120.0]
        for number, seconds in enumerate(times, start=1):
            machines.clock.set(now + timedelta(seconds=seconds))
            assert await feeder.put(CONTROL, SITES[0])
            assert await feeder.put(POLL, polled)
            await until(partial(machines.cycles.reached, {1: number}))
            await until(partial(lambda wanted: machines.cycles.polls == {1: wanted}, number))


def adapters(count: int) -> list[Subject]:
    return [
        Subject(id=UUID(int=n), system_id=SITES[0].id, label=f"{n}", interval_s=30.0)
        for n in range(1, count + 1)
    ]


async def waiting_jobs(dsn: str) -> int:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        cursor = await connection.execute("SELECT count(*) FROM procrastinate_jobs")
        found = await cursor.fetchone()
    return 0 if found is None else int(found[0])


async def test_polls_that_are_due_together_travel_together_and_once(dsn: str) -> None:
    async with AsyncExitStack() as stack:
        machines = Machines(dsn, stack)
        feeders = [await machines.feeder(), await machines.feeder()]
        due = adapters(BATCH + 8)
        put = await asyncio.gather(*(feeder.put(POLL, one) for one in due for feeder in feeders))
        assert sum(put) == len(due)
        assert 2 <= await waiting_jobs(dsn) <= 4
        assert not any(await asyncio.gather(*(feeders[0].put(POLL, one) for one in due)))
        for _ in range(2):
            await machines.worker()
        await until(lambda: len(machines.cycles.polls) == len(due))
        machines.clock.advance(30.0)
        assert all(await asyncio.gather(*(feeders[1].put(POLL, one) for one in due)))
        await until(lambda: machines.cycles.polls.total() == 2 * len(due))
        await asyncio.sleep(0.1)
        assert set(machines.cycles.polls.values()) == {2}


async def test_a_device_that_hangs_holds_up_no_other_of_its_batch(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.worker.BATCH_PATIENCE_S", 0.1)
    async with AsyncExitStack() as stack:
        machines = Machines(dsn, stack)
        machines.cycles.hanging = {1}
        feeder, due = await machines.feeder(), adapters(4)
        worker = await machines.worker()
        for period in (1, 2, 3):
            await asyncio.gather(*(feeder.put(POLL, one) for one in due))
            expected = {1: 1, 2: period, 3: period, 4: period}
            await until(partial(lambda wanted: machines.cycles.polls == wanted, expected))
            machines.clock.advance(30.0)
        await eventually_empty(dsn)
        assert machines.cycles.polls == {1: 1, 2: 3, 3: 3, 4: 3}
        async with asyncio.timeout(20):
            await worker.stop()


async def eventually_empty(dsn: str) -> None:
    for _ in range(100):
        if await waiting_jobs(dsn) == 0:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("jobs are left")


async def test_actions_are_carried_on_where_there_are_any(dsn: str) -> None:
    busy: set[UUID] = {UUID(int=2)}

    async def open_sites() -> set[UUID]:
        return busy

    async with AsyncExitStack() as stack:
        machines = Machines(dsn, stack)
        feeder = await machines.feeder(open_sites)
        await machines.worker()
        put = await asyncio.gather(*(feeder.put(ADVANCE, site) for site in SITES))
        assert list(put) == [False, True, False]
        await until(lambda: machines.cycles.advances == {2: 1})
        busy.clear()
        for expected in (True, False):  # once more, so that a failure is not the last word
            machines.clock.advance(5.0)
            put = await asyncio.gather(*(feeder.put(ADVANCE, site) for site in SITES))
            assert list(put) == [False, expected, False]
        await until(lambda: machines.cycles.advances == {2: 2})


async def test_a_dead_workers_batch_is_taken_over(dsn: str) -> None:
    async with AsyncExitStack() as stack:
        machines = Machines(dsn, stack)
        feeder, app = await machines.feeder(), await machines.app()
        await asyncio.gather(*(feeder.put(POLL, one) for one in adapters(3)))
        dead = await app.job_manager.register_worker()
        assert await app.job_manager.fetch_job(None, dead) is not None
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            await connection.execute(
                "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"
            )
        rescuer = await machines.worker(start=False)
        assert await rescuer.rescue() == 1
        await rescuer.start()
        stack.push_async_callback(rescuer.stop)
        await until(lambda: machines.cycles.polls == {1: 1, 2: 1, 3: 1})


async def test_a_batch_long_over_is_skipped(dsn: str) -> None:
    async with AsyncExitStack() as stack:
        machines = Machines(dsn, stack)
        feeder = await machines.feeder()
        await asyncio.gather(*(feeder.put(POLL, one) for one in adapters(3)))
        machines.clock.advance(90.0)
        await machines.worker()
        await eventually_empty(dsn)
        assert machines.cycles.polls == {}


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
