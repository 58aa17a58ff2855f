"""SIGTERM ends the program, whatever hangs."""

from __future__ import annotations

import contextlib
import threading
import time

import httpx2
import pytest

from tests.fakes.processes import frozen
from tests.process.conftest import Start, until

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

FROZEN_S = 45.0
QUESTION = {"question": "What is my battery voltage right now and why is the dump load off?"}


def test_a_frozen_database_does_not_hold_the_program(start: Start) -> None:
    program = start("frozen")
    pid = int((program.home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    with program.client() as http:
        assert until(lambda: http.get("/api/decisions").json()["items"], 60.0), "no decision"
        asked = [http.post("/api/runs", json=QUESTION).status_code for _ in range(3)]
        assert asked == [202, 202, 202]
        waiting = threading.Thread(target=_ask, args=(http,))
        with frozen(pid):
            waiting.start()
            time.sleep(FROZEN_S)  # noqa: TID251 - as long as the database is frozen
            program.terminate()
        waiting.join(30.0)
    again = start("frozen")
    with again.client() as http:
        assert until(lambda: http.get("/api/health/ready").status_code == 200, 60.0)
        assert until(lambda: not _unfinished(http), 60.0), "a question was left open"
    again.terminate()


def _ask(http: httpx2.Client) -> None:
    """A question that the frozen database never lets begin."""
    with contextlib.suppress(httpx2.HTTPError):
        http.post("/api/ask", json=QUESTION)


def _unfinished(http: httpx2.Client) -> list[str]:
    found = http.get("/api/conversations").json()["items"]
    whole = [http.get(f"/api/conversations/{each['id']}").json() for each in found]
    return [conversation["id"] for conversation in whole if conversation["running"]]
