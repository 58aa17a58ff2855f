"""Workers of the queue, for several processes.

The library procrastinate keeps the jobs in PostgreSQL. Each job carries a lock, so that one lane of
one site runs in one worker at a time, however many there are. Each period is queued once, however
many schedulers there are. A dead worker's jobs are given to another one.

A worker of the library ends when the database is away for longer than its connection pool waits;
``QueueWorker`` then starts a new one, for as long as the process runs.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

import procrastinate
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from scheduler.execution import JobExecutor, JobOutcome
from scheduler.jobs import BY_NAME, Job, Queue, SecondsOf
from scheduler.queue_runs import (
    BATCH_TASK,
    TASK,
    QueuedRun,
    from_json,
    latest_period,
    period_name,
    period_of,
    statement,
)
from services.clock import Clock

BATCH_PATIENCE_S = 5.0
"""A batch waits this long for its runs; slower ones go on in the background, wall s."""
HEARTBEAT_S = 5.0
DEAD_AFTER_S = 15.0
QUEUE_POOL_SIZE = 6
"""Connections of the queue; a worker listens for new jobs on one more."""

POOL_WAIT_S = 5.0
"""A statement that gets no connection within this time fails, s; its caller tries again."""
CONCURRENCY: Mapping[Queue, int] = {Queue.CONTROL: 8, Queue.COMMANDS: 8, Queue.REST: 8}
"""Jobs at the same time per queue. Separate queues keep hanging vendors from delaying a cycle."""
RESTART_AFTER_S = (0.5, 1.0, 2.0, 5.0)
"""Pauses before a worker that ended is started again, s; the last one is repeated."""
_SCHEMA_LOCK = 7_304_115
_NEWEST_PERIOD = statement("newest_period")

log = structlog.get_logger("scheduler")


def queue_app(dsn: str) -> procrastinate.App:
    """The queue in the database at ``dsn``; to be opened with ``async with app.open_async()``."""
    return procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=dsn,
            min_size=1,
            max_size=QUEUE_POOL_SIZE,
            timeout=POOL_WAIT_S,
            reconnect_timeout=2.0,
        )
    )


async def apply_queue_schema(dsn: str) -> bool:
    """Create the queue's tables; False where they exist already.

    Safe to call from several processes at once.
    """
    app = queue_app(dsn)
    async with app.open_async():
        connector = app.connector
        assert isinstance(connector, procrastinate.PsycopgConnector)  # noqa: S101 - made above
        async with connector.pool.connection() as connection:
            await connection.execute(statement("lock_schema"), {"lock": _SCHEMA_LOCK})
            try:
                if await app.check_connection_async():
                    return False
                await app.schema_manager.apply_schema_async()
                return True
            finally:
                await connection.execute(statement("unlock_schema"), {"lock": _SCHEMA_LOCK})


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
        """A worker whose last heartbeat is ``dead_after_s`` old is dead: its jobs go to others."""
        self._app, self._executor, self._clock, self._wall = app, executor, clock, wall
        self._concurrency, self._dead_after_s, self._grace_s = concurrency, dead_after_s, grace_s
        self._tasks: list[asyncio.Task[None]] = []
        self._late: set[asyncio.Task[JobOutcome]] = set()
        _register(app, self)

    @property
    def is_alive(self) -> bool:
        """Whether the tasks of all queues still run, also while they wait for the database."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def start(self) -> None:
        """Begin to take jobs, also those of dead workers."""
        self._tasks = [
            asyncio.create_task(self._keep_working(queue, number), name=f"queue {queue.value}")
            for queue, number in self._concurrency.items()
        ]
        self._tasks.append(asyncio.create_task(self._keep_rescuing(), name="queue rescue"))

    async def stop(self) -> None:
        """Take no more jobs; wait a moment for runs to finish, then cancel them."""
        for task in reversed(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for late in self._late:
            late.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _keep_working(self, queue: Queue, concurrency: int) -> None:
        """Work on one queue; start another worker whenever the library's ends."""
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
        """Give the jobs of dead workers to other ones; returns how many there were.

        Where the next period's job is queued already, the dead worker's is dropped: a missed cycle
        is skipped, not run late.
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

    async def run(self, job: Job, run: QueuedRun) -> None:
        """Run one job, unless its period is long over or a newer one has been queued.

        The second check also keeps a scheduler with a slow clock from repeating a period.
        """
        newest = await self._app.connector.execute_query_one_async(
            _NEWEST_PERIOD,
            task_name=TASK,
            periodic_id=period_name(job, run.subject),
            latest=latest_period(job, run),
        )
        if run.period < newest["period"] or self._is_over(job, run):
            log.info("job_too_late", job=job.name, subject=run.subject.label)
            return
        await self._executor.run(job, run.due(job))

    async def run_together(self, job: Job, runs: Sequence[QueuedRun]) -> None:
        """Run a batch in parallel.

        A slow run goes on in the background, so that it delays neither the others nor their next
        run.
        """
        begun = {
            asyncio.create_task(self._executor.run(job, run.due(job)), name=f"{job.name} of batch")
            for run in runs
            if not self._is_over(job, run)
        }
        if not begun:
            log.info("job_too_late", job=job.name, subjects=len(runs))
            return
        self._late |= begun
        for task in begun:
            task.add_done_callback(self._late.discard)
        await asyncio.wait(begun, timeout=BATCH_PATIENCE_S)

    def _is_over(self, job: Job, run: QueuedRun) -> bool:
        clock = self._wall if job.pace is SecondsOf.WALL else self._clock
        return period_of(job, run.subject, now_s=clock.now().timestamp()) - run.period > 1

    async def _keep_rescuing(self) -> None:
        while True:
            try:
                await self.rescue()
            except Exception as error:  # noqa: BLE001 - the next round may find the database back
                log.warning("rescue_failed", error=str(error.__cause__ or error))
            await asyncio.sleep(self._dead_after_s / 3)


def _register(app: procrastinate.App, worker: QueueWorker) -> None:
    """Register the queue's two tasks with this worker; a scheduler needs only their names."""

    async def site_job(*, job: str, **document: object) -> None:
        await worker.run(BY_NAME[job], from_json(document))

    async def site_jobs(*, job: str, members: list[dict[str, object]]) -> None:
        await worker.run_together(BY_NAME[job], [from_json(document) for document in members])

    for name, work in ((TASK, site_job), (BATCH_TASK, site_jobs)):
        with contextlib.suppress(procrastinate.exceptions.TaskAlreadyRegistered):
            app.task(name=name)(work)
