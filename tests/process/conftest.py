"""The whole program as a process, on free ports, with a data folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READY_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A running ``commandcenter up``."""

    process: subprocess.Popen[str]
    url: str
    link: str
    home: Path

    def kill_group(self) -> None:
        """Kill −9, everything at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)
        self.close()

    def terminate(self) -> float:
        """SIGTERM; returns how long it took to end, s."""
        started_s = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=30)
        took_s = time.monotonic() - started_s
        self.close()
        return took_s

    def close(self) -> None:
        """Give the pipe back."""
        if self.process.stdout is not None:
            self.process.stdout.close()


def environment(home: Path) -> dict[str, str]:
    outer = os.environ  # noqa: TID251 - a child's environment is made from ours
    kept = {name: value for name, value in outer.items() if not name.startswith("LLM_")}
    return {
        **kept,
        "COMMANDCENTER_HOME": str(home),
        "COMMANDCENTER_PORT": "0",
        "SIM_SPEED": "60",
        "LOG_FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
    }


def launch(home: Path) -> Program:
    with (home.parent / f"{home.name}.log").open("a") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-c", "from commandcenter.cli.app import main; main()", "up"],
            cwd=ROOT,
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=log_file,
            text=True,
            start_new_session=True,
        )
    said: list[str] = []
    deadline = time.monotonic() + READY_S
    assert process.stdout is not None
    while time.monotonic() < deadline and len(said) < 3:
        line = process.stdout.readline()
        if not line:
            break
        said.append(line)
    text = "".join(said)
    ready = re.search(r"ready: (\S+)", text)
    link = re.search(r"(\S+/sign-in/\S+)", text)
    if ready is None or link is None:
        process.kill()
        log = (home.parent / f"{home.name}.log").read_text()[-2000:]
        pytest.fail(f"the program did not get ready: {text!r} {log}")
    return Program(process=process, url=ready.group(1), link=link.group(1), home=home)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Program]]:
    folder = tmp_path_factory.mktemp("program")
    started: list[Program] = []

    def begin(name: str) -> Program:
        started.append(launch(folder / name))
        return started[-1]

    yield begin
    for program in started:
        if program.process.poll() is None:
            program.kill_group()
