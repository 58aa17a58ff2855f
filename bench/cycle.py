"""One control cycle without vendor time, in memory and on PostgreSQL: p50 and p95 in ms.

``python -m bench.cycle [--cycles 300] [--json]``

Six hours of samples of the reference site are there; the switches answer at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from commandcenter.wiring.seed import Stores as SeedStores
from commandcenter.wiring.seed import seed_owner, seed_simulated_site
from services.errors import CommandCenterError
from storage.all_stores import PostgresStores
from storage.connection.pool import open_pool
from storage.embedded.cluster import Cluster
from storage.schema import migrations
from tests.fakes.sites.reference_site import SYSTEM_ID, Loop, ReferenceSite
from tests.scenario.week import MONDAY

WARM_UP_MIN = 360
GOAL_P50_MS = 8.0


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description="Time control cycles.")
    parser.add_argument("--cycles", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        figures = asyncio.run(_measure(given.cycles))
    except CommandCenterError as error:
        print(error)
        return 2
    if given.json:
        print(json.dumps(figures))
        return 0
    print(f"{'stores':12} {'p50 ms':>8} {'p95 ms':>8}   goal p50 ≤ {GOAL_P50_MS:.0f} ms")
    for name, row in figures.items():
        print(f"{name:12} {row['p50_ms']:8.1f} {row['p95_ms']:8.1f}")
    return 0


async def _measure(cycles: int) -> dict[str, dict[str, float]]:
    site = ReferenceSite(start=MONDAY, soc_pct=80.0, cloud_plan=("clear",))
    await site.set_up()
    for _ in range(WARM_UP_MIN):
        await site.minute()
    figures = {"memory": await _time_cycles(site, site.loop, cycles)}
    with tempfile.TemporaryDirectory(prefix="commandcenter-bench-") as folder:
        cluster = Cluster(Path(folder) / "postgres", durable=True)
        await asyncio.to_thread(cluster.start)
        try:
            async with on_postgres(site, cluster.dsn) as loop:
                figures["postgresql"] = await _time_cycles(site, loop, cycles)
        finally:
            await asyncio.to_thread(cluster.stop)
    return figures


@asynccontextmanager
async def on_postgres(site: ReferenceSite, dsn: str) -> AsyncIterator[Loop]:
    """The site's loop on a database that has its samples and its memory."""
    await migrations.migrate(dsn)
    async with open_pool(dsn) as pool:
        stores = PostgresStores(pool=pool, dsn=dsn, key=bytes(32))
        await stores.start()
        at = site.clock.now()
        await seed_owner(stores.accounts, email="owner@example.com", at=at)
        seeds = SeedStores(site=stores.site, settings=stores.settings, accounts=stores.accounts)
        await seed_simulated_site(seeds, simulator_url="http://127.0.0.1:1")
        await stores.telemetry.apply_retention(now=at, raw_hours=72.0)
        samples = await site.stores.telemetry.energy_rows(
            SYSTEM_ID, start=at - timedelta(days=1), end=at + timedelta(seconds=1)
        )
        await stores.telemetry.append(samples)
        await stores.memory.save(SYSTEM_ID, await site.stores.memory.load(SYSTEM_ID))
        site.telemetry = stores.telemetry
        try:
            yield Loop(
                stores=stores, clock=site.clock, switches=site.loop.switches, sky=site.loop.sky
            )
        finally:
            await stores.stop()


async def _time_cycles(site: ReferenceSite, loop: Loop, cycles: int) -> dict[str, float]:
    took_ms = []
    for _ in range(cycles):
        site.clock.advance(60.0)
        await site.poll()
        started = time.perf_counter()
        await loop.control.run_cycle(SYSTEM_ID)
        took_ms.append((time.perf_counter() - started) * 1_000.0)
        await loop.open_actions.advance(SYSTEM_ID)
    quantiles = statistics.quantiles(took_ms, n=20)
    return {"p50_ms": round(statistics.median(took_ms), 2), "p95_ms": round(quantiles[18], 2)}


if __name__ == "__main__":
    raise SystemExit(main())
