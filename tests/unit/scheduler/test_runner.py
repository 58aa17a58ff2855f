"""The scheduler fires for all there is, skips what still runs, and stops at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from scheduler.jobs import BY_NAME, EVERYTHING, JOBS, Job, Subject
from scheduler.runner import Scheduler
from services.errors import Unavailable
from services.sites.records import AdapterConfig, System
from tests.fakes.clock import FrozenClock
from tests.waiting import until

HOME = System(
    id=UUID(int=1),
    name="Home",
    owner_id=UUID(int=9),
    timezone="UTC",
    latitude=0.0,
    longitude=0.0,
)
VRM = AdapterConfig(
    id=UUID(int=3),
    system_id=HOME.id,
    adapter_type="victron_vrm",
    name="VRM",
    settings={},
    poll_interval_s=180.0,
)


class Sites:
    """The part of ``SiteStore`` that a scheduler reads."""

    def __init__(self) -> None:
        self.found: list[System] = [HOME]
        self.drivers: list[AdapterConfig] = [VRM]
        self.broken = False

    async def systems(self) -> Sequence[System]:
        if self.broken:
            raise Unavailable(what="database", detail="gone", advice="start it")
        return self.found

    async def adapters(self, system_id: UUID) -> Sequence[AdapterConfig]:
        return [driver for driver in self.drivers if driver.system_id == system_id]


class Log:
    """Counts runs, and wakes tests that wait for a state of the counts."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.hold: asyncio.Event | None = None
        self._changed = asyncio.Event()

    async def run(self, job: Job, subject: Subject) -> None:
        self.counts[job.name, subject.label] += 1
        self._changed.set()
        if self.hold is not None:
            await self.hold.wait()

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not reached():
                self._changed.clear()
                await self._changed.wait()


def scheduler(
    log: Log, sites: Sites, *, speed: float = 3_000.0, refresh_s: float = 0.02
) -> Scheduler:
    return Scheduler(
        run=log.run,
        sites=sites,  # type: ignore[arg-type] # the two methods it reads
        clock=FrozenClock(speed=speed),
        jobs=[replace(job, jitter=0.0, first_after_s=0.0) for job in JOBS],
        refresh_every_s=refresh_s,
        grace_s=0.05,
    )


async def test_every_job_is_fired_for_every_subject_again_and_again() -> None:
    log = Log()
    fired = scheduler(log, Sites())
    await fired.start()
    await log.until(lambda: min(log.counts["control", "Home"], log.counts["poll", "VRM"]) >= 3)
    await fired.stop()
    assert set(log.counts) == {
        ("poll", "VRM"),
        ("control", "Home"),
        ("advance", "Home"),
        ("alerts", "Home"),
        ("rollup", "Home"),
        ("outbox", ""),
        ("retention", ""),
    }
    assert log.counts["outbox", ""] == 1


async def test_what_still_runs_is_skipped_and_not_queued() -> None:
    log = Log()
    log.hold = asyncio.Event()
    fired = scheduler(log, Sites())
    await fired.start()
    await until(lambda: fired.skipped >= 3)
    assert log.counts["control", "Home"] == 1
    log.hold.set()
    log.hold = None
    await log.until(lambda: log.counts["control", "Home"] >= 2)
    await fired.stop()


async def test_sites_and_adapters_come_and_go() -> None:
    log, sites = Log(), Sites()
    sites.found, sites.drivers = [], []
    fired = scheduler(log, sites)
    await fired.start()
    await log.until(lambda: log.counts["outbox", ""] == 1)
    assert log.counts["control", "Home"] == 0
    sites.found, sites.drivers = [HOME], [VRM]
    await log.until(lambda: log.counts["poll", "VRM"] >= 2)
    sites.drivers = [replace(VRM, enabled=False)]
    await until(lambda: ("poll", VRM.id) not in fired._planned)
    polled, controlled = log.counts["poll", "VRM"], log.counts["control", "Home"]
    await log.until(lambda: log.counts["control", "Home"] >= controlled + 3)
    await fired.stop()
    assert log.counts["poll", "VRM"] == polled


async def test_without_the_store_what_is_planned_goes_on() -> None:
    log, sites = Log(), Sites()
    sites.broken = True
    fired = scheduler(log, sites)
    await fired.start()
    await log.until(lambda: log.counts["outbox", ""] == 1)
    sites.broken = False
    await log.until(lambda: log.counts["control", "Home"] >= 1)
    sites.broken = True
    controlled = log.counts["control", "Home"]
    await log.until(lambda: log.counts["control", "Home"] >= controlled + 3)
    assert sites.broken
    assert ("control", HOME.id) in fired._planned
    await fired.stop()


async def test_stop_ends_what_hangs_and_fires_nothing_more() -> None:
    log = Log()
    log.hold = asyncio.Event()
    fired = scheduler(log, Sites())
    await fired.start()
    await log.until(lambda: log.counts["control", "Home"] == 1)
    async with asyncio.timeout(20):
        await fired.stop()
    assert fired._running == {}
    assert not fired._begin(BY_NAME["control"], EVERYTHING)


async def test_a_firing_that_breaks_is_fired_again() -> None:
    times: list[str] = []
    again = asyncio.Event()

    async def run(job: Job, _: Subject) -> None:
        times.append(job.name)
        if len(times) > 1:
            again.set()
        raise RuntimeError("broken")

    fired = Scheduler(
        run=run,
        sites=Sites(),  # type: ignore[arg-type] # the two methods it reads
        clock=FrozenClock(speed=3_000.0),
        jobs=[replace(BY_NAME["control"], first_after_s=0.0)],
    )
    await fired.start()
    async with asyncio.timeout(20):
        await again.wait()
    await fired.stop()
    assert times[:2] == ["control", "control"]


async def test_what_was_forgotten_after_a_clock_was_put_back_is_set_anew() -> None:
    log = Log()
    fired = scheduler(log, Sites(), speed=1.0, refresh_s=60.0)
    await fired.start()
    await log.until(lambda: log.counts["control", "Home"] == 1)
    key = ("control", HOME.id)
    every_s, at_s = fired._planned[key]
    fired._planned[key] = (every_s, at_s - 3 * every_s - 1)
    await fired._refresh()
    await log.until(lambda: log.counts["control", "Home"] == 2)
    await fired.stop()
    assert fired._planned[key][1] >= at_s - every_s
