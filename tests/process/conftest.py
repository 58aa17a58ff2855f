"""The whole program as processes, on free ports, each with a data folder of its own.

Every process is watched: a look-up of any host but loopback fails the test that started it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.waiting import HANGS_S

ROOT = Path(__file__).resolve().parents[2]
READY_S = 90.0
PROGRAM = (
    "import os; from pathlib import Path; from tests.process.guard import watch;"
    " watch(Path(os.environ['LOOK_UPS']));"
    " from commandcenter.cli.app import main; main()"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A running command that stays: ``up``, ``serve``, ``worker``, ``scheduler``, ``simulate``."""

    process: subprocess.Popen[str]
    home: Path
    given: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    link: str = ""

    def kill_group(self) -> None:
        """Kill −9, everything at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)
        self.close()

    def terminate(self) -> None:
        """SIGTERM; the program must end by itself (how soon: ``bench startup``)."""
        self.process.terminate()
        self.process.wait(timeout=HANGS_S)
        self.close()

    def close(self) -> None:
        """Give the pipe back."""
        if self.process.stdout is not None:
            self.process.stdout.close()

    def cli(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Another command beside this program."""
        return cli(self.home, *words, given=given, extra=self.given)

    def client(self) -> httpx2.Client:
        """A client with a token of everything."""
        token = self.cli("token", "add", f"test-{time.monotonic_ns()}", "--scope", "admin")
        assert token.returncode == 0, token.stderr
        headers = {"Authorization": f"Bearer {token.stdout.strip()}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=30.0)


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    outer = os.environ  # noqa: TID251 - a child's environment is made from ours
    kept = {name: value for name, value in outer.items() if not name.startswith("LLM_")}
    return {
        **kept,
        "COMMANDCENTER_HOME": str(home),
        "COMMANDCENTER_PORT": "0",
        "SIM_SPEED": "60",
        "LOG_FORMAT": "json",
        "LOOK_UPS": str(look_ups(home)),
        "PYTHONUNBUFFERED": "1",
        **({} if extra is None else extra),
    }


def look_ups(home: Path) -> Path:
    """Where the foreign hosts of the processes of ``home`` are written down."""
    return home.parent / f"{home.name}.lookups"


def cli(
    home: Path, *words: str, given: str = "", extra: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=ROOT,
        env=environment(home, extra),
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def launch(home: Path, *words: str, **given: str) -> Program:
    """Start a command that stays, and wait until it says that it is ready."""
    with (home.parent / f"{home.name}.log").open("a") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words],
            cwd=ROOT,
            env=environment(home, given),
            stdout=subprocess.PIPE,
            stderr=log_file,
            text=True,
            start_new_session=True,
        )
    lines = 3 if words[0] in {"up", "serve"} else 1
    assert process.stdout is not None
    said = "".join(process.stdout.readline() for _ in range(lines))
    if "ready" not in said:
        process.kill()
        process.stdout.close()
        log = (home.parent / f"{home.name}.log").read_text()[-2000:]
        pytest.fail(f"{words} did not get ready: {said!r} {log}")
    return Program(
        process=process,
        home=home,
        given=given,
        url=_found(r"ready: (\S+)", said),
        link=_found(r"(\S+/sign-in/\S+)", said),
    )


def until(what: Callable[[], Any], within_s: float) -> Any:
    """What ``what`` gives as soon as it gives something; None when the time is over."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.25)  # noqa: TID251 - a test that watches another process
    return None


Start = Callable[..., Program]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts commands by the name of their data folder; what still runs at the end is killed."""
    folder = tmp_path_factory.mktemp("program")
    started: list[Program] = []

    def begin(name: str, *words: str, **given: str) -> Program:
        started.append(launch(folder / name, *(words or ("up",)), **given))
        return started[-1]

    yield begin
    for program in started:
        if program.process.poll() is None:
            program.kill_group()
        program.close()
    foreign = [file.read_text() for file in folder.glob("*.lookups")]
    assert foreign == [], "the program asked for hosts that nobody configured"


def as_json(answer: subprocess.CompletedProcess[str]) -> Any:
    """The document that a command printed."""
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return "" if match is None else match.group(1)
