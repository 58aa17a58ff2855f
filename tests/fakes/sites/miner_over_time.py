"""One miner through time: rows of what is seen, what is commanded and why.

Each row is (seconds since the start, picture, expected command, expected reason): of a delay, the
row before it ends, and the row after.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from energy.site.miners import MinerMode, MinerState
from energy.site.snapshot import Snapshot
from tests.fakes.sites.allocator_site import MINER, NOON, Story, running, snapshot

Row = tuple[float, Snapshot, str, str]
SOLAR = replace(MINER, require_excess_solar=True)
SUN_ALONE = replace(MINER, operating_mode=MinerMode.OPPORTUNISTIC)


def at(voltage_v: float, **changes: Any) -> Snapshot:
    return snapshot(**{"voltage_v": voltage_v, "pv_w": 9_000.0, **changes})


def assert_steps(story: Story, rows: list[Row]) -> None:
    steps = [(second, *story.step(second, picture)) for second, picture, _, _ in rows]
    assert steps == [(second, command, reason) for second, _, command, reason in rows]


def on_for(seconds: float) -> MinerState:
    return replace(running(MINER), since=NOON - timedelta(seconds=seconds))
