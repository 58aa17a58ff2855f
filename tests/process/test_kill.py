"""Kill −9 of the program beside a plant that lives on: what the owner finds afterwards."""

from __future__ import annotations

import random
import time
from typing import Any

import httpx2
import pytest

from services.actions.records import IN_FLIGHT_STATUSES
from tests.process.conftest import Start, until

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

ROUNDS = 3
OFF_WITHIN_S = 30.0
"""The loads' own timers last five site minutes: five wall seconds on a site sixty times as fast."""


def loads_on(plant: str) -> list[str]:
    devices = httpx2.get(f"{plant}/sim/state").json()["devices"]
    return [name for name, device in devices.items() if device["is_on"]]


def newest(http: httpx2.Client, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get(path, params={"limit": 200}).json()["items"]
    return found


def test_no_load_stays_on_no_action_hangs_no_data_is_lost(start: Start) -> None:
    plant = start("plant", "simulate").url
    moments = random.Random(20260619)  # noqa: S311 - moments, not secrets
    decided: set[str] = set()
    acted: set[str] = set()
    for number in range(ROUNDS):
        program = start("site", SIM_URL=plant)
        with program.client() as http:
            assert until(lambda: loads_on(plant), 90.0), "nothing was started"
            time.sleep(moments.uniform(0.0, 3.0))  # noqa: TID251 - any moment
            decided |= {each["id"] for each in newest(http, "/api/decisions")}
            acted |= {each["id"] for each in newest(http, "/api/actions")}
        program.kill_group()
        assert until(lambda: not loads_on(plant), OFF_WITHIN_S), f"left on in round {number}"

    with start("site", SIM_URL=plant).client() as http:
        lost = [each for each in decided if http.get(f"/api/decisions/{each}").status_code != 200]
        settled = {each: http.get(f"/api/actions/{each}").json()["status"] for each in acted}
    assert decided
    assert lost == []
    assert acted
    assert {each for each, status in settled.items() if status in IN_FLIGHT_STATUSES} == set()
