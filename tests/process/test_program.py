"""The program from outside: it comes up, runs the site, answers, is killed, and comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.process.conftest import Program, Start, as_json, cli, until

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]


def verified_starts(http: httpx2.Client) -> list[dict[str, Any]]:
    actions = http.get("/api/actions").json()["items"]
    return [action for action in actions if action["status"] == "done" and action["target_on"]]


def mails(program: Program) -> list[dict[str, Any]]:
    """What the simulated site's mail sink has received."""
    file = program.home / "simulator" / "mail.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    return [json.loads(line) for line in lines]


def test_the_site_runs_itself_survives_kill_9_and_ends_in_time(start: Start) -> None:
    program = start("site")
    with program.client() as http:
        first = http.get("/api/home/now").json()
        acted = until(lambda: verified_starts(http), within_s=60.0)
        later = http.get("/api/home/now").json()
        http.post("/api/emergency-stop", json={"reason": "smoke in the shed"}).raise_for_status()
        mail = until(lambda: mails(program), within_s=30.0)
        http.request("DELETE", "/api/emergency-stop", json={"reason": "only steam"})
    assert acted, "nothing was switched and verified"
    assert acted[-1]["result"].startswith("Verified: on")
    assert later["at"] > first["at"]
    assert later["battery"]["voltage"]["unit"] == "V"
    assert mail, "the owner was not told of the emergency stop"
    assert mail[0]["recipients"] == ["owner@example.com"]
    assert "smoke in the shed" in mail[0]["body"]

    program.kill_group()
    again = start("site")
    with again.client() as http:
        kept = [action["id"] for action in http.get("/api/actions").json()["items"]]
        actions = http.get("/api/actions").json()["items"]
    assert acted[-1]["id"] in kept
    assert not [action for action in actions if action["status"] == "executing"]
    again.terminate()


def test_the_worked_example_to_the_watt(tmp_path: Path) -> None:
    given = json.dumps(
        {
            "snapshot": {"battery_voltage_v": 52.3, "pv_power_w": 8450, "load_power_w": 1850},
            "preferences": {"operating_mode": "balanced"},
        }
    )
    answer = cli(tmp_path / "home", "allocate", "-", "--json", given=given)
    decision = as_json(answer)
    assert decision["budget"]["solar_surplus_w"] == 6600.0
    assert decision["budget"]["total_w"] == 11600.0
    commands = {each["name"]: (each["command"], each["reason"]) for each in decision["miners"]}
    assert commands["Primary S21+ (Revenue)"][0] == "start"
    assert commands["Dump Load S19 #1"] == ("stay_off", "below_start_voltage")


@pytest.mark.parametrize(
    ("words", "given", "code", "said"),
    [
        pytest.param(["allocate", "-"], "{", 2, "is not JSON", id="no JSON"),
        pytest.param(["allocate", "nowhere.json"], "", 3, "No such file", id="no file"),
        pytest.param(["replay", "nowhere.csv"], "", 4, "nowhere.csv", id="no series"),
        pytest.param(["bench", "nothing"], "", 2, "must be one of", id="no such bench"),
        pytest.param(["ask", " "], "", 2, "is empty", id="no question"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, words: list[str], given: str, code: int, said: str
) -> None:
    answer = cli(tmp_path / "home", *words, given=given)
    assert answer.returncode == code
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
