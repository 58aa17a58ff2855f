"""The documented plant of thirty lines, in step with the core as a process of its own."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
CORE = [str(Path(sys.executable).with_name("commandcenter")), "allocate", "--follow"]


def test_the_documented_plant_lives_through_a_day() -> None:
    words = [sys.executable, str(ROOT / "docs/examples/plant.py"), *CORE]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=240)
    assert (ended.returncode, ended.stderr) == (0, "")
    hashed_kwh = float(ended.stdout.split()[1])
    assert 20.0 < hashed_kwh < 80.0


def test_the_page_shows_that_plant() -> None:
    plant = (ROOT / "docs/examples/plant.py").read_text(encoding="utf-8")
    assert f"```python\n{plant}```" in (ROOT / "docs/co-simulation.md").read_text(encoding="utf-8")
    assert len([line for line in plant.splitlines() if line]) <= 32


def test_one_interrupt_ends_it_while_it_waits_for_a_line() -> None:
    """The event loop's own handler only cancels what comes after the line: a second was needed."""
    core = subprocess.Popen(
        CORE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert core.stdin is not None
    assert core.stdout is not None
    lines = [{"settings": {}}, {"at": "2026-06-21T12:00:00Z"}]
    core.stdin.write("".join(json.dumps(line) + "\n" for line in lines).encode())
    core.stdin.flush()
    core.stdout.readline()
    core.send_signal(signal.SIGINT)
    _, errors = core.communicate(timeout=60)
    assert (core.returncode, errors) == (130, b"")


@pytest.mark.parametrize(("words", "code"), [([*CORE], 2), (CORE[:2], 0)])
def test_a_closed_standard_input_is_said_or_not_needed(words: list[str], code: int) -> None:
    line = ["sh", "-c", shlex.join(words) + " <&-"]
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False)
