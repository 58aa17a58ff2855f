"""CPU time of one site-minute by part, in one process: what a change of one part is worth.

The parts of a site's minute run one after another on PostgreSQL, and their CPU time is counted:
storing what was read, the control cycle, carrying actions on (twelve times a minute), the rollup
(every fifth minute). Neither the vendors' answers nor the queue are in it: see ``bench.fleet``.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from bench.cycle import WARM_UP_MIN, on_postgres
from services.telemetry.rollup import Rollup
from storage.embedded.cluster import Cluster
from tests.fakes.sites.reference_site import SYSTEM_ID, Loop, ReferenceSite
from tests.scenario.week import MONDAY

ADVANCES_A_MINUTE = 12
ROLLUP_EVERY_MIN = 5
PARTS = ("store readings", "control cycle", "advance actions", "rollup")


class Meter:
    """CPU seconds of this process and of the database's, by part."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.python = dict.fromkeys(PARTS, 0.0)
        self.postgres = dict.fromkeys(PARTS, 0.0)

    async def of(self, part: str, work: Callable[[], Awaitable[object]]) -> None:
        """Do the work and count it."""
        postgres_s, python_s = self._postgres_s(), time.process_time()
        await work()
        self.python[part] += time.process_time() - python_s
        self.postgres[part] += self._postgres_s() - postgres_s

    def _postgres_s(self) -> float:
        return postgres_cpu_s(self._cluster)


def postgres_cpu_s(cluster: Cluster) -> float:
    """CPU seconds of a database server with all its connections."""
    return cpu_s(int((cluster.data / "postmaster.pid").read_text().split()[0]))


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and of all its children, those that have ended included."""
    process = psutil.Process(pid)
    own = process.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            times = child.cpu_times()
            total += times.user + times.system
    return float(total)


async def measure_parts(minutes: int) -> dict[str, dict[str, float]]:
    """CPU ms per site-minute by part, of Python and of PostgreSQL."""
    site = ReferenceSite(start=MONDAY, soc_pct=80.0, cloud_plan=("clear",))
    await site.set_up()
    for _ in range(WARM_UP_MIN):
        await site.minute()
    with tempfile.TemporaryDirectory(prefix="commandcenter-bench-") as folder:
        cluster = Cluster(Path(folder) / "postgres", durable=True)
        await asyncio.to_thread(cluster.start)
        try:
            async with on_postgres(site, cluster.dsn) as loop:
                for _ in range(5):  # plans and caches
                    await _minute(site, loop, Meter(cluster), 0)
                meter = Meter(cluster)
                for number in range(minutes):
                    await _minute(site, loop, meter, number)
        finally:
            await asyncio.to_thread(cluster.stop)
    return {
        part: {
            "python_ms": round(meter.python[part] / minutes * 1_000.0, 2),
            "postgres_ms": round(meter.postgres[part] / minutes * 1_000.0, 2),
        }
        for part in PARTS
    }


async def _minute(site: ReferenceSite, loop: Loop, meter: Meter, number: int) -> None:
    site.clock.advance(60.0)
    stores = loop.stores
    rollup = Rollup(
        sites=stores.site,
        telemetry=stores.telemetry,
        settings=stores.settings,
        memory=stores.memory,
        clock=site.clock,
    )
    await meter.of("store readings", site.poll)
    await meter.of("control cycle", lambda: loop.control.run_cycle(SYSTEM_ID))

    async def advance() -> None:
        for _ in range(ADVANCES_A_MINUTE):
            await loop.open_actions.advance(SYSTEM_ID)

    await meter.of("advance actions", advance)
    if number % ROLLUP_EVERY_MIN == 0:
        now = site.clock.now()
        await meter.of("rollup", lambda: rollup.roll(SYSTEM_ID, now.replace(minute=0), now))
