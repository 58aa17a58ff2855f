"""Fires the jobs of the table for all existing sites and adapters."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, timedelta
from uuid import UUID

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from scheduler.jobs import EVERYTHING, JOBS, Job, RunsPer, Subject
from services.clock import Clock
from services.sites.ports import SiteStore

RunJob = Callable[[Job, Subject], Awaitable[object]]
"""Called for a due job: runs it here (``JobExecutor.run``) or queues it (``QueueFeeder.put``)."""

Key = tuple[str, UUID | None]
_OVERDUE_INTERVALS = 3
_OVERDUE_S = 5.0

log = structlog.get_logger("scheduler")


class Scheduler:
    """Fires jobs by APScheduler; each run is a task in this process's event loop.

    While a run still goes on, the next one of the same job and subject is skipped, not queued. New,
    removed or changed sites and adapters are noticed at the next refresh.
    """

    def __init__(
        self,
        *,
        run: RunJob,
        sites: SiteStore,
        clock: Clock,
        jobs: Sequence[Job] = JOBS,
        refresh_every_s: float = 10.0,
        grace_s: float = 3.0,
    ) -> None:
        """``grace_s`` is how long ``stop`` lets runs finish before it cancels them, wall s."""
        self._run, self._sites, self._clock, self._jobs = run, sites, clock, tuple(jobs)
        self._refresh_every_s, self._grace_s = refresh_every_s, grace_s
        self._timer = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._planned: dict[Key, tuple[float, float]] = {}
        self._running: dict[Key, asyncio.Task[object]] = {}
        self._refreshing: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self.skipped = 0

    @property
    def is_alive(self) -> bool:
        """Whether the timer runs and the list of sites is still refreshed."""
        refreshing = self._refreshing
        return self._timer.running and refreshing is not None and not refreshing.done()

    async def start(self) -> None:
        """Begin to fire jobs. If the store does not answer, the sites are read at a later
        refresh.
        """
        self._timer.start()
        await self._refresh()
        self._refreshing = asyncio.create_task(self._keep_fresh(), name="scheduler refresh")

    async def stop(self) -> None:
        """Fire no more jobs; wait ``grace_s`` for runs to finish, then cancel them."""
        self._stopping.set()
        self._timer.shutdown(wait=False)
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)
        tasks = list(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # lets APScheduler's own shutdown callback run

    def _begin(self, job: Job, subject: Subject) -> bool:
        key = (job.name, subject.id)
        if self._stopping.is_set():
            return False
        if key in self._running:
            self.skipped += 1
            return False
        task = asyncio.ensure_future(self._run(job, subject))
        self._running[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))
        return True

    def _ended(self, key: Key, task: asyncio.Future[object]) -> None:
        self._running.pop(key, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("firing_failed", job=key[0], error=str(task.exception()))

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(self._refresh_every_s)
            await self._refresh()

    async def _refresh(self) -> None:
        """Plan the jobs of all existing sites and adapters; drop those of removed ones."""
        try:
            wanted = await self._wanted()
        except Exception as error:  # noqa: BLE001 - without the store, what is planned goes on
            log.warning("sites_unknown", error=str(error))
            wanted = {} if self._planned else self._everywhere()
            self._plan(wanted)
            return
        self._plan(wanted)
        for key in set(self._planned) - set(wanted):
            del self._planned[key]
            with contextlib.suppress(LookupError):
                self._timer.remove_job(_name(key))

    def _everywhere(self) -> dict[Key, tuple[Job, Subject]]:
        return {
            (job.name, None): (job, EVERYTHING) for job in self._jobs if job.scope is RunsPer.GLOBAL
        }

    async def _wanted(self) -> dict[Key, tuple[Job, Subject]]:
        subjects: dict[RunsPer, list[Subject]] = {RunsPer.SYSTEM: [], RunsPer.ADAPTER: []}
        for system in await self._sites.systems():
            subjects[RunsPer.SYSTEM].append(
                Subject(id=system.id, system_id=system.id, label=system.name)
            )
            subjects[RunsPer.ADAPTER] += [
                Subject(
                    id=adapter.id,
                    system_id=system.id,
                    label=adapter.name,
                    interval_s=adapter.poll_interval_s,
                )
                for adapter in await self._sites.adapters(system.id)
                if adapter.enabled
            ]
        of_subjects = {
            (job.name, subject.id): (job, subject)
            for job in self._jobs
            if job.scope is not RunsPer.GLOBAL
            for subject in subjects[job.scope]
        }
        return self._everywhere() | of_subjects

    def _plan(self, wanted: Mapping[Key, tuple[Job, Subject]]) -> None:
        """Set timers of jobs that are new, have another interval, or are overdue.

        After the machine's clock was set back, APScheduler would wait until that time is reached
        again. The event loop's clock does not jump, so it shows which jobs are overdue.
        """
        now_s, speed = asyncio.get_running_loop().time(), self._clock.speed
        for key, (job, subject) in wanted.items():
            every_s = job.every_wall_s(subject, speed)
            planned = self._planned.get(key)
            first_s = job.first_wall_s(speed) if planned is None else 0.0
            if planned is not None:
                known_s, fired_s = planned
                late = now_s - fired_s > _OVERDUE_INTERVALS * max(every_s, _OVERDUE_S)
                if known_s == every_s and not late:
                    continue
            self._planned[key] = (every_s, now_s + first_s)
            self._set(key, job, subject, every_s=every_s, first_s=first_s)

    def _set(self, key: Key, job: Job, subject: Subject, *, every_s: float, first_s: float) -> None:
        async def fired() -> None:
            self._planned[key] = (every_s, asyncio.get_running_loop().time())
            self._begin(job, subject)

        trigger = IntervalTrigger(
            seconds=every_s, timezone=UTC, jitter=job.jitter * every_s or None
        )
        self._timer.add_job(fired, trigger, id=_name(key), replace_existing=True)
        moment = self._timer.get_job(_name(key))
        due = moment.next_run_time - timedelta(seconds=every_s)
        moment.modify(next_run_time=due + timedelta(seconds=first_s))


def _name(key: Key) -> str:
    return f"{key[0]}:{key[1]}"
