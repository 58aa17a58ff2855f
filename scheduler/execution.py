"""Runs one job once: exclusively, within its time limit; its failure is caught and recorded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID, uuid5

import structlog

from scheduler.jobs import Job, Subject, Work
from services.clock import Clock
from services.errors import CommandCenterError, Postponed
from services.sites.vendor_pauses import asked_pause_s
from services.views.ports import JobStore

_NAMESPACE = UUID("6f1c2a7e-5d0b-4c43-9a55-3f2f7b8a9c10")
_RECORD_EVERY_S = 5.0
_LONGEST_ERROR = 300

log = structlog.get_logger("scheduler")


class SiteLocks(Protocol):
    """One holder at a time per key, across processes.

    ``services.actions.ports.DeviceLocks`` fits.
    """

    def hold(self, load_id: UUID, /) -> AbstractAsyncContextManager[bool]:
        """Enter with True when taken, False when another holder has it; does not wait."""
        ...


class JobOutcome(StrEnum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


Key = tuple[str, UUID | None]


def lock_key(job: Job, subject: Subject) -> UUID:
    """The key under which processes exclude each other from one job of one subject."""
    return uuid5(_NAMESPACE, f"{job.name}:{subject.id}")


class JobExecutor:
    """Runs jobs. ``run`` raises nothing that a job raises, except its cancellation."""

    def __init__(
        self,
        *,
        work: Work,
        clock: Clock,
        locks: SiteLocks,
        records: JobStore,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``records`` may fail without failing the job."""
        self._work, self._clock, self._locks = work, clock, locks
        self._records, self._monotonic = records, monotonic
        self._running: set[Key] = set()
        self._errors: dict[Key, str] = {}
        self._recorded_s: dict[Key, float] = {}

    async def run(self, job: Job, subject: Subject) -> JobOutcome:
        """Run ``job`` for ``subject``, unless it still runs; returns how it ended.

        A poll that its vendor has asked to wait with (``Retry-After``) is skipped as well.
        """
        key = (job.name, subject.id)
        if key in self._running:
            return JobOutcome.SKIPPED
        self._running.add(key)
        started_s, started_at = self._monotonic(), self._clock.now()
        try:
            outcome, error = await self._tries(job, subject)
        finally:
            self._running.discard(key)
        if outcome is not JobOutcome.SKIPPED:
            self._log_change(key, subject, error)
            await self._write_down(job, subject, (self._monotonic() - started_s) * 1000, error)
            if job.counted and outcome is JobOutcome.DONE:
                await self._count(job, subject, started_at)
        return outcome

    async def _tries(self, job: Job, subject: Subject) -> tuple[JobOutcome, str | None]:
        outcome, error, again = await self._try(job, subject)
        for wait_s in job.retry_after_s:
            if not again:
                break
            await self._clock.sleep(wait_s)
            outcome, error, again = await self._try(job, subject)
        return outcome, error

    async def _try(self, job: Job, subject: Subject) -> tuple[JobOutcome, str | None, bool]:
        """One try: the outcome, the error in words, and whether another try may help."""
        try:
            async with asyncio.timeout(job.timeout_s):
                return await self._guarded(job, subject), None, False
        except TimeoutError:
            return JobOutcome.FAILED, f"not done within {job.timeout_s:g} s", True
        except Postponed:
            return JobOutcome.SKIPPED, None, False
        except CommandCenterError as error:
            again = error.retry and asked_pause_s(error) is None
            return JobOutcome.FAILED, _words(error), again
        except Exception as error:
            words = f"{type(error).__name__}: {_words(error)}"
            if self._errors.get((job.name, subject.id)) != words:
                log.exception("job_broken", job=job.name, subject=subject.label)
            return JobOutcome.FAILED, words, True

    async def _guarded(self, job: Job, subject: Subject) -> JobOutcome:
        if not job.exclusive:
            await job.run(self._work, subject)
            return JobOutcome.DONE
        async with self._locks.hold(lock_key(job, subject)) as taken:
            if not taken:
                return JobOutcome.SKIPPED
            await job.run(self._work, subject)
            return JobOutcome.DONE

    def _log_change(self, key: Key, subject: Subject, error: str | None) -> None:
        """Log a failure when it begins or changes, and when it ends; not at every run."""
        before = self._errors.get(key)
        if error is not None and error != before:
            log.warning("job_failed", job=key[0], subject=subject.label, error=error)
        if error is None and before is not None:
            log.info("job_recovered", job=key[0], subject=subject.label)
        if error is None:
            self._errors.pop(key, None)
        else:
            self._errors[key] = error

    async def _write_down(
        self, job: Job, subject: Subject, took_ms: float, error: str | None
    ) -> None:
        """Record the run: every failure, but a success at most every 5 s of wall time."""
        key, now_s = (job.name, subject.id), self._monotonic()
        recorded_s = self._recorded_s.get(key)
        if error is None and recorded_s is not None and now_s - recorded_s < _RECORD_EVERY_S:
            return
        name = f"{job.name} {subject.label}".strip() if job.lane == "poll" else job.name
        record = self._records.record(
            name,
            system_id=subject.system_id,
            at=self._clock.now(),
            ms=round(took_ms, 3),
            error=error,
        )
        if await _recorded(job, record):
            # After a failure the next success is recorded at once.
            self._recorded_s[key] = now_s if error is None else now_s - _RECORD_EVERY_S

    async def _count(self, job: Job, subject: Subject, started_at: datetime) -> None:
        if subject.system_id is None:
            return
        counting = self._records.count_cycle(
            subject.system_id, started_at=started_at, interval_s=job.interval_s
        )
        await _recorded(job, counting)


async def _recorded(job: Job, recording: Awaitable[None]) -> bool:
    """Whether recording worked; its failure must not fail the job."""
    try:
        async with asyncio.timeout(_RECORD_EVERY_S):
            await recording
    except Exception as failure:  # noqa: BLE001 - see above
        log.debug("job_not_recorded", job=job.name, error=_words(failure))
        return False
    return True


def _words(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:_LONGEST_ERROR]
