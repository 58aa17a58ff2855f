"""Missed control cycles of a site that runs sixty times as fast as the wall clock.

``python -m bench.soak [--minutes 5] [--fault none|frozen|offline|garbage|timeout] [--json]``

The whole program runs beside a simulated plant; a cycle is due each second of the wall. With a
fault all vendors and devices have it, after the first half minute. The program itself counts the
cycles: it is what its health page shows.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx2
import psycopg

from bench.chaos import KINDS, VENDORS
from bench.kill import running
from storage.embedded.server import running_dsn

WARM_UP_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """What was counted.

    Attributes:
        wall_s: For how long.
        fault: What all vendors did.
        ran: Cycles that ran.
        missed: Cycles that were due and did not run.
    """

    wall_s: float
    fault: str
    ran: int
    missed: int


def soak(folder: Path, *, minutes: float, fault: str) -> Soaked:
    """Run the site for some minutes."""
    with running(folder, "simulate") as (_, plant), running(folder, "up", SIM_URL=plant):
        _pause(WARM_UP_S)
        if fault != "none":
            for target in VENDORS:
                given = {"target": target, "kind": fault}
                httpx2.post(f"{plant}/sim/faults", json=given).raise_for_status()
        before, begun_s = _counted(folder / "up"), time.monotonic()
        _pause(minutes * 60.0)
        after, ended_s = _counted(folder / "up"), time.monotonic()
    return Soaked(
        wall_s=round(ended_s - begun_s, 1),
        fault=fault,
        ran=after[0] - before[0],
        missed=after[1] - before[1],
    )


def _counted(home: Path) -> tuple[int, int]:
    """Cycles that ran and that were missed."""
    dsn = running_dsn(home)
    if dsn is None:
        raise SystemExit(f"no database runs in {home}")
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(runs), 0), coalesce(sum(missed), 0) FROM cycle_counts"
        ).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def _pause(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251 - a bench that watches other processes


def main(arguments: list[str] | None = None) -> int:
    """Run it; returns the exit code: 1 where a cycle was missed."""
    parser = argparse.ArgumentParser(description="Missed cycles at sixty times the wall's speed.")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--fault", choices=("none", *KINDS), default="none")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cc-soak-") as folder:
        result = soak(Path(folder), minutes=given.minutes, fault=given.fault)
    if given.json:
        print(json.dumps(asdict(result)))
    else:
        for name, value in asdict(result).items():
            print(f"{name:8} {value}")
    return int(result.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
