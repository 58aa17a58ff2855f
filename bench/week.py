"""A simulated week of the reference site under its control loop, and its figures.

``python -m bench.week [--json]``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time

from services.stored import Json
from tests.scenario.week import MINERS, WEATHER, Week, live_week


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description="Live through a simulated week.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    started = time.perf_counter()
    week = asyncio.run(live_week())
    figures = figures_of(week) | {"took_s": round(time.perf_counter() - started, 1)}
    if given.json:
        print(json.dumps(figures))
        return 0
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):35} {value}")
    return 0


def figures_of(week: Week) -> Json:
    """The figures of a week by name with unit."""
    ended_urgently = sum(run.urgent for run in week.runs)
    return {
        "weather": ", ".join(WEATHER),
        "pv_kwh": round(week.pv_kwh, 1),
        "curtailed_kwh": round(week.curtailed_kwh, 1),
        **{
            f"hashing_{miner}_h": round(week.hashing_h.get(miner, 0.0), 1)
            for miner in sorted(MINERS)
        },
        "runs": len(week.runs),
        "runs_ended_by_safety": ended_urgently,
        "most_switches_of_a_miner_a_day": week.most_switches_a_day,
        "shortest_run_min": week.shortest_run_min,
        "lowest_voltage_v": round(week.lowest_v, 2),
        "lowest_soc_pct": round(week.lowest_soc_pct, 1),
        "actions": len(week.actions),
        "actions_not_done": sum(action.status.value != "done" for action in week.actions),
    }


if __name__ == "__main__":
    raise SystemExit(main())
