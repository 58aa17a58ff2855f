"""The documented plant of thirty lines, in step with the core as a process of its own."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.offgrid import OWNER, Controller, miners_of, sky_model
from bench.offgrid_deciders import CoreDecider, PipeDecider, Read
from bench.offgrid_plant import Plant, week_of
from energy.site.miners import MinerMode

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


@pytest.mark.parametrize("readings", ["fresh", "late+quantised"])
def test_a_summer_day_through_the_pipe_is_the_day_of_the_core(readings: str) -> None:
    """The off-grid weeks' plant, from midnight until three in the afternoon."""
    miners, week = miners_of(MinerMode.BALANCED), week_of(145, 1)
    hashed_wh = []
    for decider in (PipeDecider(OWNER, miners), CoreDecider(OWNER, miners, sky_model())):
        plant, control = Plant(), Controller(decider, readings)
        for minute in range(15 * 60):
            plant.step(week.sun_w[minute], week.house_w[minute])
            control.cycle(plant, week.at(minute + 1))
        decider.close()
        hashed_wh.append(sum(miner.hashing_wh for miner in plant.miners))
    assert hashed_wh[0] > 10_000.0
    assert hashed_wh[0] == pytest.approx(hashed_wh[1], rel=0.05)


def test_a_refused_line_is_no_decision() -> None:
    decider = PipeDecider(OWNER, miners_of(MinerMode.BALANCED))
    read = Read(
        at=datetime(2026, 6, 1, tzinfo=UTC),
        age_s=-1.0,
        voltage_v=53.0,
        current_a=0.0,
        pv_w=0.0,
        load_w=0.0,
        are_on=[False] * 4,
        powers_w=[0.0] * 4,
        powers_then_w=[0.0] * 4,
    )
    with pytest.raises(RuntimeError, match="refused"):
        decider.decide(read)
    decider.close()
    with pytest.raises((RuntimeError, ValueError)):
        decider.decide(read)
