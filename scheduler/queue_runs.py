"""A run of a job as it is put into the queue: subject, period, and both as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString
from uuid import UUID

from procrastinate.types import JSONValue

from scheduler.jobs import Job, Subject

LAG_S, LAG_PERIODS = 120.0, 2
"""By how much the clocks of schedulers may differ, s; at least so many periods."""

TASK = "site_job"
BATCH_TASK = "site_jobs"


def statement(name: str) -> LiteralString:
    """A statement of ours on the queue library's tables, by its file name."""
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class QueuedRun:
    """One run of a job in the queue: for whom, and the number of its period."""

    subject: Subject
    period: int

    def due(self, job: Job) -> Subject:
        """The subject with the start of the run's period."""
        return replace(self.subject, due_at=due_at(job, self.subject, period=self.period))


def period_of(job: Job, subject: Subject, *, now_s: float) -> int:
    """The number of the period that ``now_s`` (site time, Unix seconds) lies in."""
    return int(now_s // _every_s(job, subject))


def latest_period(job: Job, run: QueuedRun) -> int:
    """The newest period that counts beside this one: of a scheduler whose clock is right where ours
    lags. Those further on are of a clock that ran ahead.
    """
    return run.period + max(LAG_PERIODS, math.ceil(LAG_S / _every_s(job, run.subject)))


def due_at(job: Job, subject: Subject, *, period: int) -> datetime:
    """When a period begins."""
    return datetime.fromtimestamp(period * _every_s(job, subject), UTC)


def _every_s(job: Job, subject: Subject) -> float:
    return job.interval_s if subject.interval_s is None else subject.interval_s


def site_lock(job: Job, subject: Subject) -> str:
    """Lock of a run: runs with the same lane and subject are not run at the same time."""
    return f"{job.lane}:{subject.id}"


def period_name(job: Job, subject: Subject) -> str:
    """Name under which the periods of one job and subject are stored."""
    return f"{job.name}:{subject.id}"


def to_json(run: QueuedRun) -> dict[str, JSONValue]:
    """A run as it is stored in the queue."""
    subject = run.subject
    return {
        "subject_id": None if subject.id is None else str(subject.id),
        "system_id": None if subject.system_id is None else str(subject.system_id),
        "label": subject.label,
        "interval_s": subject.interval_s,
        "timestamp": run.period,
    }


def from_json(document: Mapping[str, object]) -> QueuedRun:
    """A run that was stored in the queue."""
    interval_s = document["interval_s"]
    subject = Subject(
        id=_uuid(document["subject_id"]),
        system_id=_uuid(document["system_id"]),
        label=str(document["label"]),
        interval_s=interval_s if isinstance(interval_s, float | int) else None,
    )
    return QueuedRun(subject, int(str(document["timestamp"])))


def _uuid(value: object) -> UUID | None:
    return None if value is None else UUID(str(value))
