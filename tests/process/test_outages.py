"""The database goes away and comes back: every process goes on by itself.

``python -m bench.chaos`` does the same for longer, with vendors and workers failing too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psycopg
import pytest

from storage.embedded.cluster import Cluster
from tests.process.conftest import Program, Start, until

pytestmark = [pytest.mark.process, pytest.mark.timeout(200)]

NAMES = ("serve", "worker", "scheduler")
BACK_WITHIN_S = 30.0
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("database") / "postgres", durable=False)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def alive(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The watchdog file of each process."""
    folder = tmp_path_factory.mktemp("alive")
    return lambda name: folder / name


@pytest.fixture(scope="module")
def processes(start: Start, cluster: Cluster, alive: Callable[[str], Path]) -> list[Program]:
    given = {
        "SIM_URL": start("plant", "simulate").url,
        "DATABASE_URL": cluster.dsn,
        "COMMANDCENTER_SECRET_KEY": KEY,
    }
    with ThreadPoolExecutor(len(NAMES)) as starting:
        return list(
            starting.map(
                lambda name: start(f"host-{name}", name, WATCHDOG_FILE=str(alive(name)), **given),
                NAMES,
            )
        )


@pytest.fixture(scope="module")
def http(processes: list[Program]) -> Iterator[httpx2.Client]:
    with processes[0].client() as client:
        yield client


def newest_decision(http: httpx2.Client) -> str:
    """When the newest cycle was decided; empty while nothing can be asked."""
    try:
        items = http.get("/api/decisions", params={"limit": 1}).json()["items"]
        return str(items[0]["at"]) if items else ""
    except (httpx2.HTTPError, KeyError):
        return ""


def cut_connections(cluster: Cluster) -> int:
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        found = connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    return 0 if found is None else int(found[0])


def connections_are_killed(cluster: Cluster) -> None:
    cut, deadline = 0, time.monotonic() + 60.0
    while cut < 150 and time.monotonic() < deadline:
        cut += cut_connections(cluster)
        time.sleep(0.02)  # noqa: TID251 - a test that watches another process
    assert cut >= 150


def server_is_away(cluster: Cluster) -> None:
    cluster.stop()
    time.sleep(33.0)  # noqa: TID251 - beyond the 30 s that a pool of connections forgives
    cluster.start()


@pytest.mark.parametrize(
    "outage",
    [
        pytest.param(connections_are_killed, id="150 connections killed"),
        pytest.param(server_is_away, id="away"),
    ],
)
def test_every_process_survives(
    outage: Callable[[Cluster], None],
    cluster: Cluster,
    processes: list[Program],
    http: httpx2.Client,
    alive: Callable[[str], Path],
) -> None:
    assert until(lambda: newest_decision(http), 60.0), "nothing was decided"
    outage(cluster)
    before = newest_decision(http)
    assert until(lambda: newest_decision(http) > before, BACK_WITHIN_S), "no cycle any more"
    assert [process.process.poll() for process in processes] == [None, None, None]
    silent_s = {name: time.time() - alive(name).stat().st_mtime for name in NAMES}  # noqa: TID251 - of files
    assert max(silent_s.values()) < 15.0, silent_s
