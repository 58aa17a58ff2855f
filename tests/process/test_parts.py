"""Each part is pulled out of the running program: health says so, control does what the fail-safe
table says, and all comes back by itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from tests.fakes.model_server import ModelServer, crew_script
from tests.fakes.processes import frozen
from tests.process.conftest import Program, Start, as_json, until

pytestmark = [pytest.mark.process, pytest.mark.timeout(400)]

WITHIN_S = 60.0
"""A pulled part shows on the health endpoint within a minute of wall time."""

QUESTION = "What is my battery voltage right now and why is the dump load off?"


SAID = "The battery is fine, says the model on the server."


@contextmanager
def running(server: ModelServer) -> Iterator[ModelServer]:
    """The model server on a loop of its own thread; it keeps its port over restarts."""
    loop = asyncio.new_event_loop()
    listening, ending = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with server.running():
            listening.set()
            await ending.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert listening.wait(10.0)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(10.0)
        loop.close()


def _ready(watched: Watched) -> bool:
    try:
        return watched.http.get("/api/health/ready", timeout=5.0).status_code == 200
    except httpx2.HTTPError:
        return False


class Watched:
    """The program with its simulated vendors, as its owner and its plant see them."""

    def __init__(self, program: Program, vendors: str) -> None:
        self.program, self.vendors = program, vendors
        self.http = program.client()

    def component(self, name: str) -> dict[str, Any]:
        """One part of the health report."""
        parts = self.http.get("/api/health").json().get("components", [])
        return next((each for each in parts if name in each["name"]), {})

    def status(self, name: str) -> str:
        return str(self.component(name).get("status", "?"))

    def fault(self, target: str, kind: str = "offline") -> None:
        httpx2.post(
            f"{self.vendors}/sim/faults", json={"target": target, "kind": kind}
        ).raise_for_status()

    def mend(self) -> None:
        httpx2.delete(f"{self.vendors}/sim/faults").raise_for_status()

    def switch_is_on(self, slug: str) -> bool:
        state = httpx2.get(f"{self.vendors}/sim/state").json()
        return bool(state["devices"][slug]["is_on"])

    def decided_at(self) -> str:
        return str(self.http.get("/api/decisions").json()["items"][0]["at"])

    def decides(self) -> bool:
        """Whether a further cycle is decided."""
        before = self.decided_at()
        return bool(until(lambda: self.decided_at() > before, WITHIN_S))


@pytest.fixture(scope="module")
def model_server() -> ModelServer:
    return ModelServer(script=crew_script(SAID))


@pytest.fixture(scope="module")
def watched(start: Start, model_server: ModelServer) -> Iterator[Watched]:
    plant = start("plant", "simulate")
    with running(model_server):
        base_url = model_server.base_url
    program = start(
        "site",
        SIM_URL=plant.url,
        LLM_MODEL="openai/anything",
        LLM_BASE_URL=base_url,
        OPENAI_API_KEY="not-a-secret",
    )
    made = Watched(program, plant.url)
    assert until(lambda: made.status("VRM") == "ok" == made.status("SolArk"), WITHIN_S)
    yield made
    made.http.close()


@pytest.mark.parametrize(
    ("target", "name"),
    [
        pytest.param("vrm", "VRM", id="Victron's cloud"),
        pytest.param("solark", "SolArk", id="SolArk's cloud"),
        pytest.param("shelly", "Shelly", id="the switches"),
    ],
)
def test_a_source_that_is_pulled_shows_and_comes_back(
    watched: Watched, target: str, name: str
) -> None:
    watched.fault(target)
    try:
        assert until(lambda: watched.status(name) != "ok", WITHIN_S), "health did not show it"
        assert watched.component(name)["advice"]
        assert watched.decides(), "control has stopped"
    finally:
        watched.mend()
    assert until(lambda: watched.status(name) == "ok", WITHIN_S), "it did not come back"


def test_the_inverters_voltage_stands_in_for_victrons(watched: Watched) -> None:
    def source() -> str:
        decision = watched.http.get("/api/home/now").json()["decision"]
        return str(decision["budget"]["voltage_source"])

    assert until(lambda: "Victron" in source(), WITHIN_S), source()
    watched.fault("vrm")
    try:
        assert until(lambda: "SolArk" in source(), WITHIN_S), source()
    finally:
        watched.mend()
    assert until(lambda: "Victron" in source(), WITHIN_S), source()


def test_a_switch_that_is_pulled_is_switched_off_by_its_own_timer(watched: Watched) -> None:
    assert until(lambda: watched.switch_is_on("primary"), 120.0), "nothing was started"
    watched.fault("shelly/primary")
    try:
        assert until(lambda: watched.status("Shelly primary") != "ok", WITHIN_S)
        assert until(lambda: not watched.switch_is_on("primary"), WITHIN_S), "left on"
        assert watched.status("Shelly dump") == "ok"
        assert watched.decides(), "control has stopped"
    finally:
        watched.mend()
    assert until(lambda: watched.status("Shelly primary") == "ok", WITHIN_S)


def test_the_model_server_answers_in_three_calls_goes_away_and_comes_back(
    watched: Watched, model_server: ModelServer
) -> None:
    assert until(lambda: watched.status("assistant") == "degraded", WITHIN_S)
    assert model_server.base_url in watched.component("assistant")["detail"]
    alone = as_json(watched.program.cli("ask", QUESTION, "--json"))
    assert "The built-in model answered instead." in alone["answer"]
    assert watched.decides(), "control waits for a model"

    with running(model_server):
        assert until(lambda: watched.status("assistant") == "ok", WITHIN_S)
        model_server.requests.clear()
        answer = as_json(watched.program.cli("ask", QUESTION, "--json"))
    assert answer["answer"].strip() == SAID
    assert len(model_server.requests) == 3
    assert all(request["stream"] for request in model_server.requests)
    assert all(request["tools"] for request in model_server.requests)


def test_a_database_that_hangs_shows_and_comes_back(watched: Watched) -> None:
    with frozen(_database_pid(watched)):
        assert until(lambda: not _ready(watched), WITHIN_S), "health did not show it"
    assert until(lambda: _ready(watched), WITHIN_S), "it did not come back"
    assert watched.decides(), "control did not come back"


def test_a_database_server_that_is_killed_is_brought_up_again(watched: Watched) -> None:
    first = _database_pid(watched)
    os.kill(first, signal.SIGKILL)
    assert until(lambda: _database_pid(watched) not in {0, first}, WITHIN_S)
    assert until(lambda: _ready(watched), WITHIN_S), "it did not come back"
    assert watched.decides(), "control did not come back"


def _database_pid(watched: Watched) -> int:
    """Process id of the embedded server; 0 while there is none."""
    try:
        file = watched.program.home / "postgres" / "data" / "postmaster.pid"
        return int(file.read_text().split()[0])
    except (OSError, IndexError):
        return 0
