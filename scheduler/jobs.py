"""The table of regular jobs. Intervals are site seconds unless the job says wall."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

OfOne: TypeAlias = Callable[[UUID], Awaitable[object]]
OfOneAdapter: TypeAlias = Callable[[UUID, UUID | None], Awaitable[object]]
OfOneCycle: TypeAlias = Callable[[UUID, datetime | None], Awaitable[object]]
OfAll: TypeAlias = Callable[[], Awaitable[object]]

SHORTEST_WALL_S = 0.05
"""Shortest time between two runs of a job, wall s, however fast a simulated site runs."""

COMMAND_TIMEOUT_S = 90.0
"""Time limit of jobs that command devices, wall s: three tries of 15 s and a rollback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The use cases that the jobs call.

    Attributes:
        poll: Read one adapter (adapter id, and its system's where that is known).
        control: One control cycle (system id, when it was due where the queue says that).
        advance: Verify, retry and expire open actions (system id).
        check_alerts: Evaluate alert conditions (system id).
        roll_up: Roll up the newest hours, once an hour the whole last day (system id).
        deliver: Send due messages of the outbox.
        retain: Drop old samples, decisions and counts; make the partitions of the coming days.
    """

    poll: OfOneAdapter
    control: OfOneCycle
    advance: OfOne
    check_alerts: OfOne
    roll_up: OfOne
    deliver: OfAll
    retain: OfAll


class RunsPer(StrEnum):
    """Whether a job runs once per adapter, per system, or once for all."""

    ADAPTER = "adapter"
    SYSTEM = "system"
    GLOBAL = "global"


class SecondsOf(StrEnum):
    """Clock of an interval: the site's or the wall's."""

    SITE = "site"
    WALL = "wall"


class Queue(StrEnum):
    """Queue of a job. Each has its own workers, so that other jobs cannot occupy them."""

    CONTROL = "control"
    COMMANDS = "commands"
    REST = "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The adapter or system that a run is for.

    Attributes:
        interval_s: An adapter's own interval, None for others.
        due_at: Start of the run's period; kept when another worker repeats the run. None outside
            the queue, where no run is repeated.
    """

    id: UUID | None = None
    system_id: UUID | None = None
    label: str = ""
    interval_s: float | None = None
    due_at: datetime | None = None


EVERYTHING = Subject()
"""The subject of global jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row of the table.

    Attributes:
        name: As shown on the health page.
        scope: Once per adapter, per system, or once in all.
        interval_s: From start to start; an adapter's own interval replaces it.
        pace: Whether the interval is in site or wall seconds.
        jitter: Share of the interval by which each run is moved at random.
        first_after_s: First run after the start, in the same seconds.
        timeout_s: A run is cancelled after this many wall seconds.
        retry_after_s: Waits before further tries within the run, site seconds. Empty where the next
            period comes soon enough.
        exclusive: Whether only one process may run it at a time for one subject.
        lane: In the queue, jobs of one site and lane run one after another.
        queue: Which workers take it.
        batched: In the queue, runs of several subjects that are due together form one job.
        counted: Whether runs are counted, those that were due and did not run as missed.
    """

    name: str
    scope: RunsPer
    run: Callable[[Work, Subject], Awaitable[object]]
    interval_s: float
    pace: SecondsOf = SecondsOf.SITE
    jitter: float = 0.0
    first_after_s: float = 0.0
    timeout_s: float = 30.0
    retry_after_s: tuple[float, ...] = ()
    exclusive: bool = True
    lane: str = "site"
    queue: Queue = Queue.REST
    batched: bool = False
    counted: bool = False

    def every_wall_s(self, subject: Subject, speed: float) -> float:
        """Wall seconds between two runs where the site runs ``speed`` times as fast as the wall."""
        own_s = self.interval_s if subject.interval_s is None else subject.interval_s
        return max(SHORTEST_WALL_S, self._wall_s(own_s, speed))

    def first_wall_s(self, speed: float) -> float:
        """Wall seconds from the start to the first run."""
        return self._wall_s(self.first_after_s, speed)

    def _wall_s(self, seconds: float, speed: float) -> float:
        return seconds if self.pace is SecondsOf.WALL else seconds / speed


def _of(subject: Subject) -> UUID:
    if subject.id is None:
        raise ValueError("this job runs for one adapter or system")
    return subject.id


JOBS: tuple[Job, ...] = (
    Job(
        name="poll",
        scope=RunsPer.ADAPTER,
        run=lambda work, subject: work.poll(_of(subject), subject.system_id),
        interval_s=120.0,
        jitter=0.05,
        timeout_s=60.0,
        retry_after_s=(10.0,),
        exclusive=False,
        lane="poll",
        batched=True,
    ),
    Job(
        name="control",
        scope=RunsPer.SYSTEM,
        run=lambda work, subject: work.control(_of(subject), subject.due_at),
        interval_s=60.0,
        first_after_s=10.0,
        timeout_s=COMMAND_TIMEOUT_S,
        queue=Queue.CONTROL,
        counted=True,
    ),
    Job(
        name="advance",
        scope=RunsPer.SYSTEM,
        run=lambda work, subject: work.advance(_of(subject)),
        interval_s=5.0,
        first_after_s=12.0,
        timeout_s=COMMAND_TIMEOUT_S,
        lane="actions",
        queue=Queue.COMMANDS,
        batched=True,
    ),
    Job(
        name="alerts",
        scope=RunsPer.SYSTEM,
        run=lambda work, subject: work.check_alerts(_of(subject)),
        interval_s=60.0,
        first_after_s=30.0,
        lane="alerts",
        batched=True,
    ),
    Job(
        name="rollup",
        scope=RunsPer.SYSTEM,
        run=lambda work, subject: work.roll_up(_of(subject)),
        interval_s=300.0,
        first_after_s=45.0,
        timeout_s=120.0,
        retry_after_s=(30.0,),
        lane="rollup",
        batched=True,
    ),
    Job(
        name="outbox",
        scope=RunsPer.GLOBAL,
        run=lambda work, _: work.deliver(),
        interval_s=10.0,
        first_after_s=5.0,
        pace=SecondsOf.WALL,
        timeout_s=120.0,
        lane="outbox",
    ),
    Job(
        name="retention",
        scope=RunsPer.GLOBAL,
        run=lambda work, _: work.retain(),
        interval_s=3_600.0,
        first_after_s=60.0,
        timeout_s=300.0,
        retry_after_s=(60.0, 300.0),
        lane="retention",
    ),
)
"""All jobs. Polls have their own lane, so that a slow vendor never delays a control cycle. Pending
actions expire in ``advance``.
"""

BY_NAME = {job.name: job for job in JOBS}
