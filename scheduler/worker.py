"""The queue for several processes: schedulers put in, workers take out, one site at a time.

Procrastinate keeps the jobs in PostgreSQL. Each job carries its site's lock, so that however many
workers there are, one lane of one site runs in one of them; each period is put in once, however
many schedulers there are; a dead worker's job is given to another.

A worker of the library ends for good when the database is away for longer than its connection pool
waits. ``QueueWorker`` starts it again, for as long as the process lives.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import procrastinate
import structlog
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status

from scheduler.execution import JobExecutor
from scheduler.jobs import BY_NAME, Job, Queue, SecondsOf, Subject
from services.clock import Clock


def _statement(name: str) -> LiteralString:
    """A statement on the queue's tables, beside the library's own."""
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")


TASK = "site_job"
HEARTBEAT_S = 5.0
DEAD_AFTER_S = 15.0
POOL_WAIT_S = 5.0
"""A statement that gets no connection for this long fails; what it was for is tried again."""
CONCURRENCY: Mapping[Queue, int] = {Queue.CONTROL: 8, Queue.COMMANDS: 8, Queue.REST: 8}
"""Jobs at once. Each queue has its own, so that vendors that hang never hold up a control cycle."""
RESTART_AFTER_S = (0.5, 1.0, 2.0, 5.0)
"""Pauses before a worker that the database ended is started again; the last one is repeated."""
_SCHEMA_LOCK = 7_304_115
_NEWEST_PERIOD = _statement("newest_period")

log = structlog.get_logger("scheduler")


def queue_app(dsn: str) -> procrastinate.App:
    """The queue in the database at ``dsn``; to be opened with ``async with app.open_async()``."""
    return procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=dsn,
            min_size=1,
            max_size=6,
            timeout=POOL_WAIT_S,
            reconnect_timeout=2.0,
        )
    )


async def apply_queue_schema(dsn: str) -> bool:
    """Make the queue's tables where they are missing; False where they are there already.

    Safe to call from several processes at once.
    """
    app = queue_app(dsn)
    async with app.open_async():
        connector = app.connector
        assert isinstance(connector, procrastinate.PsycopgConnector)  # noqa: S101 - made above
        async with connector.pool.connection() as connection:
            await connection.execute(_statement("lock_schema"), {"lock": _SCHEMA_LOCK})
            try:
                if await app.check_connection_async():
                    return False
                await app.schema_manager.apply_schema_async()
                return True
            finally:
                await connection.execute(_statement("unlock_schema"), {"lock": _SCHEMA_LOCK})


def period_of(job: Job, subject: Subject, *, now_s: float) -> int:
    """The number of the period that ``now_s`` (site time, Unix seconds) lies in."""
    return int(now_s // _every_s(job, subject))


def due_at(job: Job, subject: Subject, *, period: int) -> datetime:
    """When a period begins."""
    return datetime.fromtimestamp(period * _every_s(job, subject), UTC)


def _every_s(job: Job, subject: Subject) -> float:
    return job.interval_s if subject.interval_s is None else subject.interval_s


def site_lock(job: Job, subject: Subject) -> str:
    """What may not run at the same time: one lane of one site, one adapter's polls."""
    return f"{job.lane}:{subject.id}"


class QueueFeeder:
    """Puts a fired job into the queue: once per site and period, from however many schedulers.

    ``Scheduler(run=QueueFeeder(…).put, …)``. Machines must have their clocks in step (NTP): the
    period is counted by them.
    """

    def __init__(self, *, app: procrastinate.App, clock: Clock, wall: Clock) -> None:
        """``wall`` counts the periods of the jobs that go by wall time."""
        self._app, self._clock, self._wall = app, clock, wall

    async def put(self, job: Job, subject: Subject) -> bool:
        """Put ``job`` in for the present period; False where it is there or waiting already."""
        clock = self._wall if job.pace is SecondsOf.WALL else self._clock
        period = period_of(job, subject, now_s=clock.now().timestamp())
        name = _period_name(job, subject)
        deferrer = self._app.configure_task(
            name=TASK,
            lock=site_lock(job, subject),
            queue=job.queue.value,
            queueing_lock=name,
            task_kwargs={**_to_json(job, subject), "timestamp": period},
        )
        try:
            put = await self._app.job_manager.defer_periodic_job(
                job=deferrer.job, periodic_id=name, defer_timestamp=period
            )
        except AlreadyEnqueued:
            return False
        return put is not None


class QueueWorker:
    """Takes jobs out of the queue and runs them through the executor."""

    def __init__(
        self,
        *,
        app: procrastinate.App,
        executor: JobExecutor,
        clock: Clock,
        wall: Clock,
        concurrency: Mapping[Queue, int] = CONCURRENCY,
        dead_after_s: float = DEAD_AFTER_S,
        grace_s: float = 3.0,
    ) -> None:
        """``dead_after_s`` after its last heartbeat a worker is dead and its jobs are others'."""
        self._app, self._executor, self._clock, self._wall = app, executor, clock, wall
        self._concurrency, self._dead_after_s, self._grace_s = concurrency, dead_after_s, grace_s
        self._tasks: list[asyncio.Task[None]] = []
        _register(app, self)

    @property
    def is_alive(self) -> bool:
        """Whether every queue is worked on, or waits for the database to come back."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def start(self) -> None:
        """Begin to take jobs, and those of workers that have died."""
        self._tasks = [
            asyncio.create_task(self._keep_working(queue, number), name=f"queue {queue.value}")
            for queue, number in self._concurrency.items()
        ]
        self._tasks.append(asyncio.create_task(self._keep_rescuing(), name="queue rescue"))

    async def stop(self) -> None:
        """Take no more; let runs finish for a moment, then cancel them."""
        for task in reversed(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _keep_working(self, queue: Queue, concurrency: int) -> None:
        """Work on one queue; whatever ends the library's worker, start another."""
        pauses_s = iter(RESTART_AFTER_S)
        while True:
            started_s = asyncio.get_running_loop().time()
            try:
                await self._work(queue, concurrency)
                problem = "it ended by itself"
            except Exception as error:  # noqa: BLE001 - a worker outlives whatever ends the library's
                problem = str(error.__cause__ or error)
            if asyncio.get_running_loop().time() - started_s > self._dead_after_s:
                pauses_s = iter(RESTART_AFTER_S)
            pause_s = next(pauses_s, RESTART_AFTER_S[-1])
            log.warning("worker_starts_again", queue=queue, after_s=pause_s, problem=problem)
            await asyncio.sleep(pause_s)

    async def _work(self, queue: Queue, concurrency: int) -> None:
        await self._app.run_worker_async(
            queues=[queue.value],
            name=queue.value,
            concurrency=concurrency,
            install_signal_handlers=False,
            delete_jobs="always",
            fetch_job_polling_interval=1.0,
            shutdown_graceful_timeout=self._grace_s,
            update_heartbeat_interval=min(HEARTBEAT_S, self._dead_after_s / 3),
            stalled_worker_timeout=self._dead_after_s,
        )

    async def rescue(self) -> int:
        """Give the jobs of dead workers to the living; how many there were.

        Where the next period's job waits already, the dead worker's is dropped: a missed cycle is
        skipped, not run late.
        """
        jobs = self._app.job_manager
        stalled = list(await jobs.get_stalled_jobs(seconds_since_heartbeat=self._dead_after_s))
        for job in stalled:
            try:
                await jobs.retry_job(job)
            except ConnectorException:
                await jobs.finish_job(job, Status.FAILED, delete_job=True)
            log.warning("job_taken_over", job=job.task_kwargs.get("job"), lock=job.lock)
        return len(stalled)

    async def run(self, job: Job, subject: Subject, period: int) -> None:
        """Run one job, unless its period is long over or a newer one has been put in.

        The latter is also what keeps a scheduler whose clock lags from repeating a period.
        """
        clock = self._wall if job.pace is SecondsOf.WALL else self._clock
        current = period_of(job, subject, now_s=clock.now().timestamp())
        newest = await self._app.connector.execute_query_one_async(
            _NEWEST_PERIOD, task_name=TASK, periodic_id=_period_name(job, subject)
        )
        if current - period > 1 or period < newest["period"]:
            log.info("job_too_late", job=job.name, subject=subject.label, periods=current - period)
            return
        due = replace(subject, due_at=due_at(job, subject, period=period))
        await self._executor.run(job, due)

    async def _keep_rescuing(self) -> None:
        while True:
            try:
                await self.rescue()
            except Exception as error:  # noqa: BLE001 - the next round may find the database back
                log.warning("rescue_failed", error=str(error.__cause__ or error))
            await asyncio.sleep(self._dead_after_s / 3)


def _register(app: procrastinate.App, worker: QueueWorker) -> None:
    """Tell the queue what its one task does; a scheduler only needs its name."""

    async def site_job(*, timestamp: int, **told: object) -> None:
        job, subject = _from_json(told)
        await worker.run(job, subject, timestamp)

    with contextlib.suppress(procrastinate.exceptions.TaskAlreadyRegistered):
        app.task(name=TASK)(site_job)


def _period_name(job: Job, subject: Subject) -> str:
    return f"{job.name}:{subject.id}"


def _to_json(job: Job, subject: Subject) -> dict[str, str | float | None]:
    return {
        "job": job.name,
        "subject_id": None if subject.id is None else str(subject.id),
        "system_id": None if subject.system_id is None else str(subject.system_id),
        "label": subject.label,
        "interval_s": subject.interval_s,
    }


def _from_json(told: dict[str, object]) -> tuple[Job, Subject]:
    interval_s = told["interval_s"]
    subject = Subject(
        id=_uuid(told["subject_id"]),
        system_id=_uuid(told["system_id"]),
        label=str(told["label"]),
        interval_s=interval_s if isinstance(interval_s, float | int) else None,
    )
    return BY_NAME[str(told["job"])], subject


def _uuid(value: object) -> UUID | None:
    return None if value is None else UUID(str(value))
