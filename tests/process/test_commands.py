"""The commands beside a running program: they ask it, and do without it where it is gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commandcenter.running_server import read_running_server
from commandcenter.version import VERSION
from tests.process.conftest import Program, Start, as_json, cli

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

QUESTION = "What is my battery voltage right now?"
EXAMPLE = ["allocate", "--voltage", "52.3", "--pv", "8450", "--load", "1850", "--json"]


@pytest.fixture(scope="module")
def program(start: Start) -> Program:
    return start("commands")


def decision(home: Path, *words: str) -> Any:
    answer = as_json(cli(home, *EXAMPLE, *words))
    return answer["budget"], answer["miners"]


def test_the_version_is_said_without_loading_the_program(tmp_path: Path) -> None:
    answer = cli(tmp_path / "home", "--version")
    assert (answer.returncode, answer.stdout) == (0, f"commandcenter {VERSION}\n")


def test_every_command_is_described_in_one_line_that_is_not_cut(tmp_path: Path) -> None:
    for words in ([], ["user"], ["token"]):
        answer = cli(tmp_path / "home", *words, "--help")
        commands = answer.stdout.split("Commands:")[1]
        assert answer.returncode == 0
        assert "..." not in commands


def test_the_documented_what_if_is_the_same_with_and_without_a_running_site(
    program: Program, tmp_path: Path
) -> None:
    alone = decision(tmp_path / "nothing here")
    assert alone[0]["total_w"] == 11_600.0
    assert decision(program.home)[0] == alone[0]
    with program.client() as http:
        live = http.get("/api/home/now").json()["solar"]["power"]["value"]
    assert live != 8_450.0
    assert not (tmp_path / "nothing here" / "postgres").exists()


def test_a_live_what_if_takes_the_rest_from_the_site(program: Program) -> None:
    answer = as_json(program.cli("allocate", "--live", "--pv", "1234", "--json"))
    readings = answer["inputs"]["snapshot"]
    assert readings["pv_power_w"]["value"] == 1234.0
    assert readings["battery_voltage_v"]["value"] > 40.0


def test_without_a_voltage_nothing_is_known_and_that_is_said(tmp_path: Path) -> None:
    answer = cli(tmp_path / "home", "allocate", "--pv", "5000", "--json")
    assert "no battery voltage is given" in answer.stderr
    commands = {each["command"] for each in json.loads(answer.stdout)["miners"]}
    assert commands <= {"stop", "stay_off"}


def test_a_question_goes_to_the_running_program(program: Program) -> None:
    as_json(program.cli("ask", QUESTION, "--json"))  # the crew's libraries are loaded now
    answer = as_json(program.cli("ask", QUESTION, "--json"))
    assert "V" in answer["answer"]
    with program.client() as http:
        kept = http.get("/api/conversations").json()["items"]
    assert {each["title"] for each in kept} == {QUESTION}


def test_the_stop_is_thrown_and_released_with_a_reason(program: Program) -> None:
    thrown = as_json(program.cli("emergency-stop", "--reason", "smoke", "--json"))
    assert (thrown["latched"], thrown["reason"]) == (True, "smoke")
    assert "command line of" in thrown["by"]
    refused = program.cli("emergency-stop", "--release")
    assert refused.returncode == 2
    assert as_json(program.cli("emergency-stop", "--status", "--json"))["latched"]
    released = as_json(
        program.cli("emergency-stop", "--release", "--reason", "only steam", "--json")
    )
    assert (released["latched"], released["reason"]) == (False, "only steam")


def test_people_are_listed_revoked_and_restored(program: Program) -> None:
    added = program.cli("user", "add", "kim@example.com")
    assert added.stdout.startswith(f"{program.url}/sign-in/")
    assert program.cli("user", "revoke", "KIM@example.com").returncode == 0
    listed = {each["email"]: each for each in as_json(program.cli("user", "list", "--json"))}
    assert listed["kim@example.com"]["revoked_at"] is not None
    assert listed["owner@example.com"]["revoked_at"] is None
    refused = program.cli("user", "link", "kim@example.com")
    assert (refused.returncode, "restore it first" in refused.stderr) == (5, True)
    assert "/sign-in/" in program.cli("user", "restore", "kim@example.com").stdout
    last = program.cli("user", "revoke", "owner@example.com")
    assert (last.returncode, "last admin" in last.stderr) == (5, True)
    assert program.cli("user", "revoke", "nobody@example.com").returncode == 4


def test_tokens_are_listed_without_secrets_and_revoked(program: Program) -> None:
    secret = program.cli("token", "add", "grafana").stdout.strip()
    listed = program.cli("token", "list", "--json").stdout
    assert "grafana" in {each["name"] for each in json.loads(listed)}
    assert secret not in listed
    assert "grafana" in program.cli("token", "list").stdout
    assert program.cli("token", "revoke", "grafana").returncode == 0
    assert program.cli("token", "revoke", "grafana").returncode == 4


def test_the_doctor_tries_the_model(tmp_path: Path) -> None:
    answer = cli(
        tmp_path / "home",
        "doctor",
        "--json",
        extra={"LLM_MODEL": "openai/x", "LLM_BASE_URL": "http://127.0.0.1:1/v1", "SITE": "none"},
    )
    model = next(c for c in json.loads(answer.stdout)["checks"] if c["name"] == "model openai/x")
    assert answer.returncode == 1
    assert not model["ok"]
    assert "Start the provider" in model["advice"]


def test_the_address_file_is_private_and_goes_with_the_program(start: Start) -> None:
    program = start("leaves", "serve", SITE="none")
    file = program.home / "server.json"
    assert file.stat().st_mode & 0o777 == 0o600
    left = read_running_server(program.home)
    assert left is not None
    assert left.token not in repr(left)
    program.terminate()
    assert not file.exists()


def test_a_stop_of_a_site_without_switches_says_that_none_was_switched(tmp_path: Path) -> None:
    """With another site's folder the owner would go to bed."""
    stopped = cli(tmp_path / "elsewhere", "emergency-stop", extra={"SITE": "none"})
    assert (stopped.returncode, "LATCHED" in stopped.stdout) == (0, True)
    assert "nothing was switched off" in stopped.stderr


def test_a_killed_program_is_not_waited_for(start: Start) -> None:
    program = start("killed", SITE="none")
    program.kill_group()
    assert (program.home / "server.json").exists()
    state = as_json(program.cli("emergency-stop", "--reason", "smoke", "--json"))
    assert (state["latched"], state["by"]) == (True, "command line")
    names = [each["name"] for each in as_json(program.cli("token", "list", "--json"))]
    assert len([name for name in names if name.startswith("command line of")]) == 1
    again = start("killed", SITE="none")
    names = [each["name"] for each in as_json(again.cli("token", "list", "--json"))]
    assert len([name for name in names if name.startswith("command line of")]) == 1
