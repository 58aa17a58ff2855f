"""How long one decision takes, for sites of 2, 50 and 1 000 miners.

The yardstick is a loop of fixed work: its p99 ÷ p50 shows the noise of the machine in this run.

``python -m bench.allocator [--json] [--seconds 2]``
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from energy.allocation.allocator import ALLOCATOR_VERSION, allocate
from energy.allocation.decision import AllocationInput, Decision
from energy.allocation.explanation.sentences import explained
from energy.site.miners import ControlMemory, Learned, MinerMemory, MinerState
from energy.site.reference_site import REFERENCE_MINERS
from energy.site.snapshot import Reading, Sky, Snapshot

AT = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
SIZES = (2, 50, 1_000)
FEWEST = 30

TableRow = dict[str, float | int | str]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description="Time the allocator.")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    parser.add_argument("--seconds", type=float, default=2.0, help="per row")
    given = parser.parse_args(arguments)
    rows = [
        measure(call, question(size), seconds=given.seconds)
        for size in SIZES
        for call in (allocate, with_sentences)
    ]
    rows.append(yardstick(seconds=given.seconds))
    if given.json:
        print(json.dumps({"version": ALLOCATOR_VERSION, "rows": rows}))
        return 0
    print(f"{'call':10} {'miners':>7} {'calls':>7} {'p50 ms':>9} {'p99 ms':>9} {'µs/miner':>9}")
    for row in rows:
        print(
            f"{row['call']:10} {row['miners']:>7} {row['calls']:>7} {row['p50_ms']:>9.3f}"
            f" {row['p99_ms']:>9.3f} {row['us_per_miner']:>9.1f}"
        )
    return 0


def question(size: int) -> AllocationInput:
    """A site of ``size`` miners: a third runs, some rest, priorities 1 to 10."""
    miners = tuple(
        replace(
            REFERENCE_MINERS[number % 2],
            id=f"miner-{number:04}",
            name=f"Miner {number:04}",
            priority_level=1 + number % 10,
        )
        for number in range(size)
    )
    states = tuple(
        MinerState(
            miner_id=miner.id,
            is_on=number % 3 == 0,
            power_w=miner.power_draw_watts if number % 3 == 0 else 0.0,
            since=AT - timedelta(minutes=number % 40),
        )
        for number, miner in enumerate(miners)
    )
    on_w = sum(state.power_w for state in states if state.is_on and state.power_w is not None)
    long_ago = MinerMemory(start_since=AT - timedelta(hours=1))
    return AllocationInput(
        snapshot=Snapshot(
            at=AT,
            battery_voltage_v=Reading(value=54.6),
            battery_current_a=Reading(value=12.0),
            pv_power_w=Reading(value=2_000.0 * size),
            pv_mean_10min_w=1_900.0 * size,
            load_power_w=Reading(value=1_850.0 + on_w),
            sky=Sky(clear_sky_w=2_500.0 * size, sunny=True, night_hours=9.0),
        ),
        miners=miners,
        states=states,
        learned=Learned(clear_sky_ratio=0.9, mean_base_load_w=900.0),
        memory=ControlMemory(miners=tuple((miner.id, long_ago) for miner in miners)),
    )


def with_sentences(asked: AllocationInput) -> Decision:
    """The decision, and every miner's sentences."""
    decision = allocate(asked)
    explained(decision)
    return decision


def measure(
    call: Callable[[AllocationInput], Decision], asked: AllocationInput, *, seconds: float
) -> TableRow:
    """Percentiles of wall time of one call, ms."""
    size = len(asked.miners)
    row = percentiles(lambda: call(asked), seconds=seconds)
    return {"call": call.__name__, "miners": size, **row, "us_per_miner": per_miner(row, size)}


def per_miner(row: TableRow, size: int) -> float:
    """The p50 over the miners, µs."""
    return round(float(row["p50_ms"]) * 1e3 / size, 2)


def yardstick(*, seconds: float) -> TableRow:
    """Fixed work of about half a millisecond."""
    return {
        "call": "yardstick",
        "miners": 0,
        **percentiles(lambda: sum(range(20_000)), seconds=seconds),
        "us_per_miner": 0.0,
    }


def percentiles(work: Callable[[], object], *, seconds: float) -> TableRow:
    """How often it ran, and percentiles of its wall time, ms."""
    work()
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < FEWEST or time.perf_counter() - began < seconds:
        before = time.perf_counter()
        work()
        times.append(time.perf_counter() - before)
    times.sort()
    p50_s, p99_s = times[len(times) // 2], times[int(len(times) * 0.99)]
    return {
        "calls": len(times),
        "p50_ms": round(p50_s * 1e3, 4),
        "p99_ms": round(p99_s * 1e3, 4),
    }


if __name__ == "__main__":
    sys.exit(main())
