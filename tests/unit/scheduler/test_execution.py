"""One run of one job: alone, in time, failing by itself, written down."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest

from scheduler.execution import JobExecutor, JobOutcome, lock_key
from scheduler.jobs import BY_NAME, EVERYTHING, JOBS, Job, Subject, Work
from services.errors import Invalid, Postponed, Unavailable, VendorError
from services.views.records import CycleCount, JobRun
from tests.fakes.clock import EPOCH, SteppingClock
from tests.fakes.stores.control import InMemoryDeviceLocks

SITE = Subject(id=UUID(int=1), system_id=UUID(int=1), label="Home")
OTHER = Subject(id=UUID(int=2), system_id=UUID(int=2), label="Hut")
ADAPTER = Subject(id=UUID(int=3), system_id=UUID(int=1), label="Victron VRM", interval_s=180.0)
CONTROL, POLL = BY_NAME["control"], BY_NAME["poll"]


class Records:
    """``JobStore`` that remembers, or fails."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str | None]] = []
        self.counted: list[tuple[int, datetime, float]] = []
        self.broken = False

    async def record(
        self, job: str, *, system_id: UUID | None, at: datetime, ms: float, error: str | None
    ) -> None:
        if self.broken:
            raise Unavailable(what="database", detail="gone", advice="start it")
        self.rows.append((job, error))

    async def all(self) -> list[JobRun]:
        return []

    async def count_cycle(
        self, system_id: UUID, *, started_at: datetime, interval_s: float
    ) -> None:
        if self.broken:
            raise Unavailable(what="database", detail="gone", advice="start it")
        self.counted.append((system_id.int, started_at, interval_s))

    async def cycles(self, *, now: datetime) -> list[CycleCount]:
        return []

    async def forget_cycles(self, *, now: datetime) -> None: ...


class Site:
    """Use cases that do what the script says, and remember that they were asked."""

    def __init__(self, *steps: Exception | None) -> None:
        self.steps, self.done = list(steps), list[str]()
        self.gate: asyncio.Event | None = None

    async def _step(self, name: str) -> None:
        self.done.append(name)
        if self.gate is not None:
            await self.gate.wait()
        step = self.steps.pop(0) if self.steps else None
        if step is not None:
            raise step

    def work(self) -> Work:
        def of_one(name: str):  # type: ignore[no-untyped-def] # two shapes in one place
            return lambda subject_id, _due_at=None: self._step(f"{name} {subject_id.int}")

        names = ("poll", "control", "advance", "check_alerts", "roll_up")
        return Work(
            **{name: of_one(name) for name in names},
            deliver=lambda: self._step("deliver"),
            retain=lambda: self._step("retain"),
        )


class Bench:
    """An executor with everything around it."""

    def __init__(self, *steps: Exception | None) -> None:
        self.site, self.records, self.clock = Site(*steps), Records(), SteppingClock()
        self.locks, self.now_s = InMemoryDeviceLocks(), 0.0
        self.executor = JobExecutor(
            work=self.site.work(),
            clock=self.clock,
            locks=self.locks,
            records=self.records,
            monotonic=lambda: self.now_s,
        )


GONE = Unavailable(what="VRM", detail="gone", advice="wait")
GONE_WORDS = "VRM does not answer: gone. wait"
WRONG = Invalid([("a", "b")])


async def test_every_job_of_the_table_does_its_work() -> None:
    bench = Bench()
    for job in JOBS:
        subject = EVERYTHING if job.scope == "global" else SITE
        assert await bench.executor.run(job, subject) is JobOutcome.DONE
    assert bench.site.done == [
        *("poll 1", "control 1", "advance 1", "check_alerts 1", "roll_up 1"),
        *("deliver", "retain"),
    ]


@pytest.mark.parametrize(
    ("job", "steps", "outcome", "waits", "recorded"),
    [
        pytest.param(POLL, [None], JobOutcome.DONE, [], ("poll Victron VRM", None), id="fine"),
        pytest.param(
            POLL, [GONE, None], JobOutcome.DONE, [10.0], ("poll Victron VRM", None), id="second try"
        ),
        pytest.param(
            POLL,
            [GONE, GONE],
            JobOutcome.FAILED,
            [10.0],
            ("poll Victron VRM", GONE_WORDS),
            id="tries used up",
        ),
        pytest.param(
            POLL,
            [WRONG],
            JobOutcome.FAILED,
            [],
            ("poll Victron VRM", "a: b"),
            id="no sense in trying again",
        ),
        pytest.param(
            CONTROL,
            [GONE],
            JobOutcome.FAILED,
            [],
            ("control", GONE_WORDS),
            id="next period is soon",
        ),
        pytest.param(
            POLL,
            [KeyError("x"), KeyError("x")],
            JobOutcome.FAILED,
            [10.0],
            ("poll Victron VRM", "KeyError: 'x'"),
            id="a bug stays inside",
        ),
    ],
)
async def test_outcomes(
    job: Job,
    steps: list[Exception | None],
    outcome: JobOutcome,
    waits: list[float],
    recorded: tuple[str, str | None],
) -> None:
    bench = Bench(*steps)
    assert await bench.executor.run(job, ADAPTER) is outcome
    assert bench.clock.slept == waits
    assert bench.records.rows == [recorded]


async def test_a_run_that_hangs_is_ended() -> None:
    bench = Bench()
    bench.site.gate = asyncio.Event()
    short = replace(CONTROL, timeout_s=0.01)
    assert await bench.executor.run(short, SITE) is JobOutcome.FAILED
    assert bench.records.rows == [("control", "not done within 0.01 s")]
    assert bench.locks.held == set()


async def test_runs_of_one_subject_never_overlap_and_others_go_on() -> None:
    bench = Bench()
    bench.site.gate = asyncio.Event()
    first = asyncio.ensure_future(bench.executor.run(CONTROL, SITE))
    await asyncio.sleep(0)
    assert await bench.executor.run(CONTROL, SITE) is JobOutcome.SKIPPED
    other = asyncio.ensure_future(bench.executor.run(CONTROL, OTHER))
    await asyncio.sleep(0)
    bench.site.gate.set()
    assert [await first, await other] == [JobOutcome.DONE, JobOutcome.DONE]
    assert bench.site.done == ["control 1", "control 2"]
    assert await bench.executor.run(CONTROL, SITE) is JobOutcome.DONE


@pytest.mark.parametrize(("job", "ran"), [(CONTROL, []), (POLL, ["poll 1"])])
async def test_another_process_holds_an_exclusive_job(job: Job, ran: list[str]) -> None:
    bench = Bench()
    bench.locks.held.add(lock_key(job, SITE))
    await bench.executor.run(job, SITE)
    assert bench.site.done == ran
    assert len(bench.records.rows) == len(ran)


async def test_records_that_fail_break_nothing() -> None:
    bench = Bench()
    bench.records.broken = True
    assert await bench.executor.run(CONTROL, SITE) is JobOutcome.DONE


async def test_successes_are_recorded_now_and_then_failures_and_recoveries_at_once() -> None:
    bench = Bench(None, None, GONE, GONE, None, None, None)
    story = []
    for at_s in (0.0, 4.9, 4.9, 5.0, 5.1, 9.0, 10.2):
        bench.now_s = at_s
        await bench.executor.run(CONTROL, SITE)
        story.append((at_s, len(bench.records.rows), bench.records.rows[-1][1]))
    assert story == [
        (0.0, 1, None),
        (4.9, 1, None),
        (4.9, 2, GONE_WORDS),
        (5.0, 3, GONE_WORDS),
        (5.1, 4, None),
        (9.0, 4, None),
        (10.2, 5, None),
    ]


async def test_a_stopped_run_is_cancelled_and_leaves_no_lock() -> None:
    bench = Bench()
    bench.site.gate = asyncio.Event()
    run = asyncio.ensure_future(bench.executor.run(CONTROL, SITE))
    await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert bench.locks.held == set()
    bench.site.gate.set()
    assert await bench.executor.run(CONTROL, SITE) is JobOutcome.DONE


@pytest.mark.parametrize(
    ("name", "interval_s", "speed", "every_s"),
    [
        ("control", None, 1.0, 60.0),
        ("control", None, 10.0, 6.0),
        ("advance", None, 1000.0, 0.05),
        ("poll", 180.0, 10.0, 18.0),
        ("outbox", None, 100.0, 10.0),
    ],
)
def test_intervals(name: str, interval_s: float | None, speed: float, every_s: float) -> None:
    assert BY_NAME[name].every_wall_s(Subject(interval_s=interval_s), speed) == every_s


def test_a_job_for_one_needs_one() -> None:
    with pytest.raises(ValueError, match="one adapter or system"):
        CONTROL.run(Bench().site.work(), EVERYTHING)


def asking(retry_after_s: float | None) -> VendorError:
    return VendorError(
        vendor="VRM", call="x", detail="HTTP 429", retry=True, retry_after_s=retry_after_s
    )


@pytest.mark.parametrize(
    ("asked_s", "tries"),
    [
        pytest.param(None, 2, id="asks for nothing: one more try"),
        pytest.param(0.0, 2, id="asks for no time"),
        pytest.param(400.0, 1, id="asks for time: none within the run"),
    ],
)
async def test_a_vendor_that_asks_for_time_is_not_tried_again_within_the_run(
    asked_s: float | None, tries: int
) -> None:
    bench = Bench(asking(asked_s), asking(asked_s))
    assert await bench.executor.run(POLL, ADAPTER) is JobOutcome.FAILED
    assert len(bench.site.done) == tries


async def test_a_postponed_poll_is_no_run() -> None:
    """The error before it stays on the board until the vendor is asked again."""
    bench = Bench(asking(400.0), Postponed(what="VRM", until=EPOCH), None)
    outcomes = [await bench.executor.run(POLL, ADAPTER) for _ in range(3)]
    assert outcomes == [JobOutcome.FAILED, JobOutcome.SKIPPED, JobOutcome.DONE]
    assert [error for _, error in bench.records.rows] == ["VRM: x: HTTP 429", None]
    assert bench.clock.now() == EPOCH, "no second try"


async def test_control_cycles_are_counted_by_their_start_and_only_what_ran() -> None:
    bench = Bench(None, GONE, None)
    began = bench.clock.now()
    assert await bench.executor.run(CONTROL, SITE) is JobOutcome.DONE
    bench.clock.advance(60.0)
    assert await bench.executor.run(CONTROL, SITE) is JobOutcome.FAILED
    await bench.executor.run(POLL, ADAPTER)
    assert bench.records.counted == [(1, began, 60.0)]


async def test_a_count_that_fails_breaks_nothing() -> None:
    bench = Bench()
    bench.records.broken = True
    assert await bench.executor.run(CONTROL, SITE) is JobOutcome.DONE
    assert bench.records.counted == []
