"""A STOP that is pressed in one process ends what another process has switched on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import httpx2
import pytest

from commandcenter.clock import WallClock
from commandcenter.settings import key_of
from commandcenter.wiring.seed import SYSTEM_ID
from storage.all_stores import PostgresStores
from storage.connection.pool import open_pool
from storage.embedded.cluster import Cluster
from tests.process.conftest import Program, Start, until

pytestmark = [pytest.mark.process, pytest.mark.timeout(400)]

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
STARTED_WITHIN_S = 120.0
STOPPED_WITHIN_S = 20.0
STAYS_OFF_S = 6.0
"""Six control cycles of a site that is sixty times as fast as the wall."""


class ThreeProcesses:
    """Web, worker and scheduler on one database beside a plant."""

    def __init__(self, start: Start, cluster: Cluster) -> None:
        self.cluster = cluster
        self.plant = start("plant", "simulate").url
        given = {
            "SIM_URL": self.plant,
            "DATABASE_URL": cluster.dsn,
            "COMMANDCENTER_SECRET_KEY": KEY,
        }
        self.web: Program = start("host-serve", "serve", **given)
        for name in ("worker", "scheduler"):
            start(f"host-{name}", name, **given)
        self.http = self.web.client()

    def on(self) -> list[str]:
        devices = httpx2.get(f"{self.plant}/sim/state").json()["devices"]
        return [name for name, device in devices.items() if device["is_on"]]

    def stays_off(self) -> bool:
        """Whether nothing is switched on for several cycles."""
        ends_s = time.monotonic() + STAYS_OFF_S
        while time.monotonic() < ends_s:
            if self.on():
                return False
            time.sleep(0.2)  # noqa: TID251 - a test that watches other processes
        return True

    def latched(self) -> bool:
        return bool(self.http.get("/api/emergency-stop").json()["latched"])


@pytest.fixture(scope="module")
def site(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeProcesses]:
    cluster = Cluster(tmp_path_factory.mktemp("database") / "postgres", durable=False)
    cluster.start()
    made = ThreeProcesses(start, cluster)
    yield made
    made.http.close()
    cluster.stop()


def test_a_stop_pressed_on_the_page_ends_what_the_worker_has_started(site: ThreeProcesses) -> None:
    assert until(site.on, STARTED_WITHIN_S), "the worker has started nothing"
    pressed = site.http.post("/api/emergency-stop", json={"reason": "a test"})
    assert pressed.status_code == 200
    assert until(lambda: not site.on(), STOPPED_WITHIN_S), f"left on: {site.on()}"
    assert site.stays_off(), "the worker has started something again"

    released = site.http.request(
        "DELETE", "/api/emergency-stop", json={"reason": "the test is over"}
    )
    assert released.status_code == 200


def test_a_stop_whose_process_died_with_it_is_carried_out_by_the_worker(
    site: ThreeProcesses,
) -> None:
    assert until(site.on, STARTED_WITHIN_S), "the worker has started nothing"

    async def latch_only() -> None:
        """All that a process leaves that is killed right after it has stored the latch."""
        async with open_pool(site.cluster.dsn, max_size=1) as pool:
            stores = PostgresStores(pool=pool, dsn=site.cluster.dsn, key=key_of(KEY))
            await stores.emergency_stops.latch(
                SYSTEM_ID, at=WallClock().now(), by="a process that died", reason="a test"
            )

    asyncio.run(latch_only())
    assert until(lambda: not site.on(), STOPPED_WITHIN_S), f"left on: {site.on()}"
    assert site.latched()
    assert site.stays_off(), "the worker has started something again"
