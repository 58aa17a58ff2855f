"""Web, worker and scheduler as processes of their own on one database and one simulated plant."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from commandcenter.wiring.database import CONTROL_CONNECTIONS, PEOPLE_CONNECTIONS
from scheduler.worker import QUEUE_POOL_SIZE
from storage.embedded.cluster import Cluster
from tests.process.conftest import Start, as_json, until

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

WITHIN_S = 90.0
LISTENER, LOCKS, QUEUE_LISTENER = 1, 2, 1
PROCESS_CONNECTIONS = PEOPLE_CONNECTIONS + CONTROL_CONNECTIONS + LISTENER + LOCKS
QUEUED_CONNECTIONS = PROCESS_CONNECTIONS + QUEUE_POOL_SIZE + QUEUE_LISTENER
"""The most that a process holds open; worker and scheduler have the queue's too."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("database") / "postgres", durable=False)
    made.start()
    yield made
    made.stop()


def connections(cluster: Cluster) -> int:
    """How many the processes hold open, without the one that asks."""
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        counted = connection.execute(
            "SELECT count(*) - 1 FROM pg_stat_activity WHERE backend_type = 'client backend'"
        ).fetchone()
    assert counted is not None
    return int(counted[0])


def test_the_documented_ways_of_running_have_connections_enough(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn) as connection:
        (allowed,) = connection.execute("SHOW max_connections").fetchone() or ("0",)
        (kept,) = connection.execute("SHOW superuser_reserved_connections").fetchone() or ("0",)
    three = PROCESS_CONNECTIONS + 2 * QUEUED_CONNECTIONS
    beside = QUEUED_CONNECTIONS + PROCESS_CONNECTIONS
    assert three + beside <= int(allowed) - int(kept)
    told = (Path(__file__).parents[2] / "docs/architecture.md").read_text(encoding="utf-8")
    assert f"15 + 22 + 22 = {three}" in told
    assert (PROCESS_CONNECTIONS, QUEUED_CONNECTIONS) == (15, 22)


def test_three_processes_run_one_site(start: Start, cluster: Cluster) -> None:
    plant = start("plant", "simulate")
    given = {
        "SIM_URL": plant.url,
        "DATABASE_URL": cluster.dsn,
        "COMMANDCENTER_SECRET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    }
    # All at once on an empty database: the schema and the seed are made exactly once.
    with ThreadPoolExecutor(3) as starting:
        futures = [
            starting.submit(start, f"host-{name}", name, **given)
            for name in ("serve", "worker", "scheduler")
        ]
        web, worker, scheduler = (future.result() for future in futures)

    with web.client() as http:

        def started() -> list[dict[str, Any]]:
            actions = http.get("/api/actions").json()["items"]
            return [each for each in actions if each["status"] == "done" and each["target_on"]]

        def component(name: str) -> dict[str, Any]:
            parts = http.get("/api/health").json()["components"]
            return next((each for each in parts if each["name"] == name), {})

        assert len(http.get("/api/miners").json()["items"]) == 2
        assert 0 < connections(cluster) <= PROCESS_CONNECTIONS + 2 * QUEUED_CONNECTIONS
        assert until(started, WITHIN_S), "nothing was switched and verified"

        worker.kill_group()
        assert until(lambda: component("scheduler").get("status") == "down", WITHIN_S)
        again = start("host-worker", "worker", **given)
        assert until(lambda: component("scheduler") == {}, WITHIN_S), "the work did not go on"

        asked = web.cli("ask", "What is my battery voltage right now?", "--json")
        assert " V" in as_json(asked)["answer"]

    for process in (web, again, scheduler):
        process.terminate()
