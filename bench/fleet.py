"""CPU time per site, and how many sites two cores carry, with 1, 2 and 4 processes.

``python -m bench.fleet [--sites 40] [--minutes 3] [--json]`` ``python -m bench.fleet --parts`` (one
site-minute by part, in one process: ``bench.fleet_parts``)

Many sites share one PostgreSQL and one simulated plant, whose vendors' servers they read and
command over HTTP, each by loopback addresses and sign-ins of its own. With one process ``up`` does
everything; with two a ``scheduler`` fills the queue and a ``worker`` empties it; with four three
workers do. CPU time of our processes and of PostgreSQL is counted over whole minutes, so that other
work on the machine matters little; the plant's own is left out. From it follows how many sites two
cores carry when they are full. ``late`` counts the cycles that were due in that time and did not
run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg

from bench.chaos import KEY, PROGRAM, ROOT
from bench.fleet_parts import cpu_s, measure_parts, postgres_cpu_s
from commandcenter.clock import WallClock
from commandcenter.settings import key_of
from commandcenter.wiring.seed import SYSTEM_ID, seed_owner, seed_simulated_site
from commandcenter.wiring.seed import Stores as SeedStores
from storage.all_stores import PostgresStores
from storage.connection.pool import open_pool
from storage.embedded.cluster import Cluster
from storage.schema import migrations

SETUPS: Mapping[int, tuple[str, ...]] = {
    1: ("up",),
    2: ("scheduler", "worker"),
    4: ("scheduler", "worker", "worker", "worker"),
}
SERVER = {"max_connections": "120", "shared_buffers": "128MB"}
"""A database for several processes has room for their connections: 22 each at most."""
WARM_UP_S = 75.0
CORES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCost:
    """One number of processes.

    Attributes:
        processes: How many of ours there were.
        sites: How many sites they ran.
        python_ms: Their CPU time per site-minute, ms.
        postgres_ms: PostgreSQL's, ms.
        due: Control cycles that were due.
        late: How many of them did not run.
        sites_on_two_cores: How many sites fill two cores.
    """

    processes: int
    sites: int
    python_ms: float
    postgres_ms: float
    due: int
    late: int
    sites_on_two_cores: int


def measure(processes: int, *, sites: int, minutes: int) -> SiteCost:
    """Run the sites for some minutes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cc-fleet-")))
        cluster = Cluster(folder / "postgres", durable=True, settings=SERVER)
        cluster.start()
        stack.callback(cluster.stop)
        outside = {"COMMANDCENTER_HOST": "0.0.0.0", "SIM_SPEED": "1"}  # noqa: S104 - many loopbacks
        _, ready_line = stack.enter_context(started(folder, "simulate", 0, outside))
        port = int(ready_line.rstrip().rpartition(":")[2])
        asyncio.run(seed(cluster.dsn, sites, port))
        given = {
            "SIM_URL": f"http://127.0.0.1:{port}",
            "DATABASE_URL": cluster.dsn,
            "COMMANDCENTER_SECRET_KEY": KEY,
            "LOG_LEVEL": "warning",
        }
        ours = [
            stack.enter_context(started(folder, name, number, given))[0]
            for number, name in enumerate(SETUPS[processes])
        ]
        time.sleep(WARM_UP_S)  # noqa: TID251 - a bench that watches other processes
        before = _counted(ours, cluster)
        time.sleep(minutes * 60.0)  # noqa: TID251 - as above
        after = _counted(ours, cluster)
    site_minutes = sites * minutes
    python_ms, postgres_ms, ran = (
        (after[0] - before[0]) * 1e3 / site_minutes,
        (after[1] - before[1]) * 1e3 / site_minutes,
        int(after[2] - before[2]),
    )
    return SiteCost(
        processes=processes,
        sites=sites,
        python_ms=round(python_ms, 1),
        postgres_ms=round(postgres_ms, 1),
        due=site_minutes,
        late=max(0, site_minutes - ran),
        sites_on_two_cores=int(CORES * 60_000.0 / (python_ms + postgres_ms)),
    )


def _counted(ours: Sequence[int], cluster: Cluster) -> tuple[float, float, float]:
    """CPU seconds of ours and of the database, and decisions so far."""
    with psycopg.connect(cluster.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM decisions").fetchone()
    decisions = 0 if row is None else int(row[0])
    return sum(cpu_s(pid) for pid in ours), postgres_cpu_s(cluster), decisions


@contextmanager
def started(
    folder: Path, name: str, number: int, given: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """One process: its id and the line that it printed when it was ready."""
    own = {"COMMANDCENTER_HOME": str(folder / f"{name}-{number}"), "COMMANDCENTER_PORT": "0"}
    outer = os.environ  # noqa: TID251 - a child's environment is made from ours
    with (folder / f"{name}-{number}.log").open("a") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*PROGRAM, name],
            cwd=ROOT,
            env={**outer, **own, **given},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        ready_line = "" if process.stdout is None else process.stdout.readline()
        if "ready" not in ready_line:
            raise SystemExit((folder / f"{name}-{number}.log").read_text()[-2_000:])
        yield process.pid, ready_line
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


async def seed(dsn: str, sites: int, port: int) -> None:
    """The reference site and its copies."""
    await migrations.migrate(dsn)
    async with open_pool(dsn) as pool:
        stores = PostgresStores(pool=pool, dsn=dsn, key=key_of(KEY))
        await seed_owner(stores.accounts, email="owner@example.com", at=WallClock().now())
        seeds = SeedStores(site=stores.site, settings=stores.settings, accounts=stores.accounts)
        await seed_simulated_site(seeds, simulator_url=f"http://127.0.0.1:{port}")
        for number in range(1, sites):
            await copy_site(stores, number, port)


async def copy_site(stores: PostgresStores, number: int, port: int) -> None:
    """A site like the reference one, with ids and loopback addresses of its own."""
    home = uuid5(SYSTEM_ID, str(number))
    url = f"http://127.0.{1 + number // 250}.{1 + number % 250}:{port}"

    def own(known: UUID | str | None) -> UUID:
        return uuid5(home, str(known))

    def text(known: str | None) -> str | None:
        return None if known is None else str(own(known))

    site, settings = stores.site, stores.settings
    system = await site.system(SYSTEM_ID)
    assert system is not None  # noqa: S101 - seeded above
    await site.save_system(replace(system, id=home, name=f"Site {number}"))
    for adapter in await site.adapters(SYSTEM_ID):
        moved: dict[str, Any] = {**adapter.settings}
        moved["base_url"] = url + moved["base_url"].partition(f":{port}")[2]
        moved |= {name: text(moved[name]) for name in ("device_id", "zone_id") if name in moved}
        await site.save_adapter(
            replace(adapter, id=own(adapter.id), system_id=home, settings=moved)
        )
    for device in await site.devices(SYSTEM_ID):
        await site.save_device(
            device_id=own(device["id"]),
            system_id=home,
            kind=device["kind"],
            name=device["name"],
            adapter_id=own(device["adapter_id"]),
            external_id=device["external_id"],
        )
    for load in await site.loads(SYSTEM_ID):
        await site.save_load(
            replace(load, id=own(load.id), system_id=home, adapter_id=own(load.adapter_id))
        )
    known = await settings.preferences(home)
    chosen = (await settings.preferences(SYSTEM_ID)).value
    await settings.save_preferences(home, chosen, expected_version=known.version, actor="bench")
    for zone in await settings.zones(SYSTEM_ID):
        own_zone = replace(
            zone.value,
            id=str(own(zone.value.id)),
            exhaust_fan_device_id=text(zone.value.exhaust_fan_device_id),
            heater_device_id=text(zone.value.heater_device_id),
            sensor_device_id=text(zone.value.sensor_device_id),
        )
        await settings.save_zone(home, own_zone, expected_version=None, actor="bench")
    for miner in await settings.miners(SYSTEM_ID):
        profile = replace(
            miner.value,
            id=str(own(miner.value.id)),
            device_id=text(miner.value.device_id),
            zone_id=text(miner.value.zone_id),
        )
        await settings.save_miner(home, profile, expected_version=None, actor="bench")


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description="CPU time per site-minute; sites on two cores.")
    parser.add_argument("--sites", type=int, default=40)
    parser.add_argument("--minutes", type=int, default=3)
    parser.add_argument("--processes", type=int, choices=sorted(SETUPS), action="append")
    parser.add_argument("--parts", action="store_true", help="one site-minute by part")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    if given.parts:
        return _show_parts(given.minutes * 10, as_json=given.json)
    rows = []
    for processes in given.processes or SETUPS:
        rows.append(measure(processes, sites=given.sites, minutes=given.minutes))
        print(rows[-1], file=sys.stderr)
    if given.json:
        print(json.dumps([asdict(row) for row in rows]))
        return 0
    print(
        f"{'processes':>9} {'sites':>6} {'Python ms':>10} {'PostgreSQL ms':>14} {'due':>5}"
        f" {'late':>5} {'sites on two cores':>19}"
    )
    for row in rows:
        print(
            f"{row.processes:9} {row.sites:6} {row.python_ms:10.1f} {row.postgres_ms:14.1f}"
            f" {row.due:5} {row.late:5} {row.sites_on_two_cores:19}"
        )
    return 0


def _show_parts(minutes: int, *, as_json: bool) -> int:
    rows = asyncio.run(measure_parts(minutes))
    if as_json:
        print(json.dumps(rows))
        return 0
    print(f"{'part':18} {'Python ms':>10} {'PostgreSQL ms':>14}   CPU per site-minute")
    for part, row in rows.items():
        print(f"{part:18} {row['python_ms']:10.2f} {row['postgres_ms']:14.2f}")
    total_ms = sum(row["python_ms"] + row["postgres_ms"] for row in rows.values())
    print(f"{'together':18} {total_ms:10.2f} ms, without the vendors' answers and the queue")
    return 0


if __name__ == "__main__":
    sys.exit(main())
