"""The documented plant of thirty lines, in step with the core as a process of its own."""

from __future__ import annotations

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
