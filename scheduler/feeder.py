"""Puts due runs into the queue: each period once, runs that are due together as one job."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from uuid import UUID

import procrastinate
import structlog
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.types import JSONValue

from scheduler.jobs import Job, Queue, SecondsOf, Subject
from scheduler.queue_runs import (
    BATCH_TASK,
    TASK,
    QueuedRun,
    latest_period,
    period_name,
    period_of,
    site_lock,
    statement,
    to_json,
)
from services.clock import Clock

GATHER_S = 0.5
"""Runs fired within this time are put into the queue as one batch, wall s."""
BATCH = 32
"""Most runs in one batch, so that several workers share them."""
WAITING_BATCHES = 120
"""Most batches of one job that wait while no worker runs: those of one minute."""
_CLAIM_PERIODS = statement("claim_periods")

OpenSites = Callable[[], Awaitable[Collection[UUID]]]

log = structlog.get_logger("scheduler")


class QueueFeeder:
    """Puts a fired job into the queue: once per site and period, from however many schedulers.

    ``Scheduler(run=QueueFeeder(…).put, …)``. The machines' clocks must agree (NTP), because the
    period is computed from them.

    A job of the queue costs ten milliseconds of a core, more than most jobs themselves. So runs
    that are fired together go into one batch where the table says ``batched``.
    """

    def __init__(
        self,
        *,
        app: procrastinate.App,
        clock: Clock,
        wall: Clock,
        open_sites: OpenSites | None = None,
    ) -> None:
        """``wall`` is the clock for jobs in wall time. ``open_sites`` gives the sites with open
        actions; ``advance`` is put in for those only.
        """
        self._app, self._clock, self._wall = app, clock, wall
        self._open_sites = open_sites
        self._were_open: frozenset[UUID] = frozenset()
        self._gathering: dict[str, dict[str, QueuedRun]] = {}
        self._putting: dict[str, asyncio.Task[frozenset[str]]] = {}

    async def put(self, job: Job, subject: Subject) -> bool:
        """Queue ``job`` for the present period; False where it is queued already or has nothing to
        do.
        """
        clock = self._wall if job.pace is SecondsOf.WALL else self._clock
        period = period_of(job, subject, now_s=clock.now().timestamp())
        name = period_name(job, subject)
        if job.batched:
            return await self._put_together(job, name, QueuedRun(subject, period))
        deferrer = self._app.configure_task(
            name=TASK,
            lock=site_lock(job, subject),
            queue=job.queue.value,
            queueing_lock=name,
            task_kwargs={"job": job.name, **to_json(QueuedRun(subject, period))},
        )
        try:
            put = await self._app.job_manager.defer_periodic_job(
                job=deferrer.job, periodic_id=name, defer_timestamp=period
            )
        except AlreadyEnqueued:
            return False
        return put is not None

    async def _put_together(self, job: Job, name: str, run: QueuedRun) -> bool:
        if job.name not in self._gathering:
            self._gathering[job.name] = {}
            wait_s = min(GATHER_S, job.every_wall_s(run.subject, self._clock.speed) / 10.0)
            self._putting[job.name] = asyncio.create_task(
                self._put_gathered(job, wait_s), name=f"batch of {job.name}"
            )
        putting = self._putting[job.name]
        self._gathering[job.name][name] = run
        return name in await asyncio.shield(putting)

    async def _put_gathered(self, job: Job, wait_s: float) -> frozenset[str]:
        """Queue the runs that were fired within ``wait_s``; returns the names of those queued."""
        await asyncio.sleep(wait_s)
        runs = self._gathering.pop(job.name)
        if job.queue is Queue.COMMANDS and self._open_sites is not None:
            runs = await self._of_open_sites(self._open_sites, runs)
        claimed = await self._claimed(job, runs) if runs else []
        slot = int(asyncio.get_running_loop().time() / GATHER_S) % WAITING_BATCHES
        for number, names in enumerate(_parted(claimed)):
            deferrer = self._app.configure_task(
                name=BATCH_TASK,
                queue=job.queue.value,
                queueing_lock=f"{job.name}:batch {slot}.{number}",
            )
            members: list[JSONValue] = [to_json(runs[name]) for name in names]
            try:
                await deferrer.defer_async(job=job.name, members=members)
            except AlreadyEnqueued:
                log.warning("batch_dropped", job=job.name, members=len(members))
        return frozenset(claimed)

    async def _of_open_sites(
        self, open_sites: OpenSites, runs: Mapping[str, QueuedRun]
    ) -> dict[str, QueuedRun]:
        """The runs of sites with open actions, and once more of sites that had some at the last
        call, so that a recorded failure is followed by a success.
        """
        busy = frozenset(await open_sites())
        wanted, self._were_open = busy | self._were_open, busy
        return {name: run for name, run in runs.items() if run.subject.system_id in wanted}

    async def _claimed(self, job: Job, runs: Mapping[str, QueuedRun]) -> list[str]:
        """The names of the runs whose period no scheduler has queued before."""
        claimed = await self._app.connector.execute_query_all_async(
            _CLAIM_PERIODS,
            task_name=BATCH_TASK,
            names=list(runs),
            periods=[run.period for run in runs.values()],
            latest=[latest_period(job, run) for run in runs.values()],
        )
        return [row["name"] for row in claimed]


def _parted(names: Sequence[str]) -> list[Sequence[str]]:
    """The names in batches of at most ``BATCH``."""
    return [names[first : first + BATCH] for first in range(0, len(names), BATCH)]
