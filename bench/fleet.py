"""What a site costs a machine: CPU time per site-minute, of Python and of PostgreSQL, by part.

``python -m bench.fleet [--minutes 30] [--json]``

The parts of a site's minute run one after another on PostgreSQL, and their CPU time is counted, so
that other work on the machine doesn't matter: storing what was read, the control cycle, carrying
actions on (twelve times a minute), the rollup (every fifth minute). The vendors' own answers are
not in it: they are read by HTTP beside it. From the sum follows how many sites a core carries.
"""

from __future__ import annotations

import argparse
import asyncio
import json
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
        python_s, postgres_s = time.process_time(), self._postgres_s()
        await work()
        self.python[part] += time.process_time() - python_s
        self.postgres[part] += self._postgres_s() - postgres_s

    def _postgres_s(self) -> float:
        total = 0.0
        for process in psutil.process_iter():
            try:
                if not process.name().startswith("postgres"):
                    continue
                if Path(process.cwd()) == self._cluster.data:
                    times = process.cpu_times()
                    total += times.user + times.system
            except (psutil.Error, OSError):
                continue
        return total


async def _measure(minutes: int) -> dict[str, dict[str, float]]:
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
        sites=stores.site, telemetry=stores.telemetry, settings=stores.settings, clock=site.clock
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


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description="CPU time per site-minute.")
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    rows = asyncio.run(_measure(given.minutes))
    total_ms = sum(row["python_ms"] + row["postgres_ms"] for row in rows.values())
    sites = int(60_000.0 / total_ms)
    if given.json:
        print(json.dumps({"parts": rows, "total_ms": round(total_ms, 2), "sites_per_core": sites}))
        return 0
    print(f"{'part':18} {'Python ms':>10} {'PostgreSQL ms':>14}   CPU per site-minute")
    for part, row in rows.items():
        print(f"{part:18} {row['python_ms']:10.2f} {row['postgres_ms']:14.2f}")
    print(f"{'together':18} {total_ms:10.2f} ms: {sites} sites a core, without reading vendors")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
