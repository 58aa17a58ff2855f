"""Kills the whole program (SIGKILL) fifteen times at random moments, then checks its database.

``python -m bench.kill [--rounds 15] [--seed 1] [--json]``

The program runs beside a plant that lives on, sixty times as fast as the wall. Each round waits
until a load runs, then kills the program with its database at a random moment and measures how long
the loads stay on: their own timers last five site minutes. At the end the program is started once
more and its database is looked through: no decision or action that was ever stored is lost, the
chain of decisions is whole, no action is open, no command of a cycle was sent twice, and no load
was on beyond its timer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg

from bench.chaos import KEY, PROGRAM, ROOT
from commandcenter.clock import WallClock
from commandcenter.settings import key_of
from commandcenter.wiring.seed import SYSTEM_ID
from services.control.decision_chain import GENESIS, first_broken
from storage.all_stores import PostgresStores
from storage.connection.pool import open_pool
from storage.embedded.server import running_dsn

SPEED = 60.0
TIMER_WALL_S = 300.0 / SPEED
MARGIN_S = 3.0
"""How late a load that its own timer ends may be seen off, wall s."""
STARTS_WITHIN_S = 1_200.0
"""A night of the site, in which nothing starts, takes a quarter of an hour; wall s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """State after the last kill; all but the first three values should be zero.

    Attributes:
        rounds: How often it was killed.
        decisions: Decisions in the database.
        longest_on_s: The longest that a load stayed on after a kill, wall s.
        beyond_timer: Rounds in which a load stayed on for longer than its timer.
        lost: Decisions and actions that had been seen and are gone.
        broken: Whether the chain of decisions is broken.
        open_actions: Actions that did not end.
        twice: Commands of one cycle that were sent twice to one load.
    """

    rounds: int
    decisions: int
    longest_on_s: float
    beyond_timer: int
    lost: int
    broken: bool
    open_actions: int
    twice: int

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, broken, left open, sent twice or left on."""
        return not any((self.beyond_timer, self.lost, self.broken, self.open_actions, self.twice))


@contextmanager
def running(folder: Path, name: str, **given: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """One command in a process group of its own, killed at the end: it and its address."""
    outer = os.environ  # noqa: TID251 - a child's environment is made from ours
    own = {
        "COMMANDCENTER_HOME": str(folder / name),
        "COMMANDCENTER_PORT": "0",
        "COMMANDCENTER_SECRET_KEY": KEY,
        "SIM_SPEED": f"{SPEED:g}",
    }
    with (folder / f"{name}.log").open("a") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*PROGRAM, name],
            cwd=ROOT,
            env={**outer, **own, **given},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        line = "" if process.stdout is None else process.stdout.readline()
        if "ready" not in line:
            raise SystemExit((folder / f"{name}.log").read_text()[-2_000:])
        yield process, line.split()[1]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def rounds_of(folder: Path, *, rounds: int, moments: random.Random) -> Found:
    """Kill it ``rounds`` times and look."""
    seen: set[str] = set()
    on_s: list[float] = []
    with running(folder, "simulate") as (_, plant):
        for number in range(rounds):
            with running(folder, "up", SIM_URL=plant) as (process, _):
                _until_on(plant)
                _pause(moments.uniform(0.0, 4.0))
                seen |= _ids(folder / "up")
                os.killpg(process.pid, signal.SIGKILL)
                killed_s = time.monotonic()
            while _on(plant) and time.monotonic() - killed_s < 5 * TIMER_WALL_S:
                _pause(0.1)
            on_s.append(time.monotonic() - killed_s)
            print(f"{number + 1}/{rounds}: off {on_s[-1]:.1f} s after", file=sys.stderr)
        with running(folder, "up", SIM_URL=plant):
            _pause(2 * TIMER_WALL_S)
            return asyncio.run(_found(folder / "up", seen, on_s))


async def _found(home: Path, seen: set[str], on_s: list[float]) -> Found:
    dsn = _dsn(home)
    async with open_pool(dsn, max_size=1) as pool:
        decisions = PostgresStores(pool=pool, dsn=dsn, key=key_of(KEY)).decisions
        later = WallClock().now() + timedelta(days=3_650)
        chain = await decisions.oldest(SYSTEM_ID, before=later, now=later, limit=1_000_000)
    now = _ids(home)
    return Found(
        rounds=len(on_s),
        decisions=len(chain),
        longest_on_s=round(max(on_s), 1),
        beyond_timer=sum(lasted_s > TIMER_WALL_S + MARGIN_S for lasted_s in on_s),
        lost=len(seen - now),
        broken=first_broken(chain, previous=GENESIS) is not None,
        open_actions=_number(
            dsn,
            "SELECT count(*) FROM actions WHERE status IN ('executing', 'verifying')"
            " AND created_at < (SELECT max(at) FROM decisions) - interval '15 minutes'",
        ),
        twice=_number(
            dsn,
            "SELECT count(*) FROM (SELECT 1 FROM actions WHERE executed_at IS NOT NULL"
            " GROUP BY load_id, target_on, decision_id HAVING count(*) > 1) AS again",
        ),
    )


def _ids(home: Path) -> set[str]:
    """Ids of all decisions and actions."""
    with psycopg.connect(_dsn(home)) as connection:
        rows = connection.execute(
            "SELECT id::text FROM decisions UNION ALL SELECT id::text FROM actions"
        ).fetchall()
    return {str(row[0]) for row in rows}


def _number(dsn: str, statement: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return 0 if row is None else int(row[0])


def _dsn(home: Path) -> str:
    dsn = running_dsn(home)
    if dsn is None:
        raise SystemExit(f"no database runs in {home}")
    return dsn


def _on(plant: str) -> list[str]:
    devices: dict[str, Any] = httpx2.get(f"{plant}/sim/state").json()["devices"]
    return [name for name, device in devices.items() if device["is_on"]]


def _until_on(plant: str) -> None:
    ends_s = time.monotonic() + STARTS_WITHIN_S
    while not _on(plant):
        if time.monotonic() > ends_s:
            raise SystemExit(f"nothing was started within {STARTS_WITHIN_S / 60.0:.0f} min")
        _pause(0.1)


def _pause(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251 - a bench that watches other processes


def main(arguments: list[str] | None = None) -> int:
    """Run it; returns the exit code: 1 where something was lost, left on or sent twice."""
    parser = argparse.ArgumentParser(description="Kill -9 at random moments.")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    moments = random.Random(given.seed)  # noqa: S311 - moments, not secrets
    with tempfile.TemporaryDirectory(prefix="cc-kill-") as folder:
        result = rounds_of(Path(folder), rounds=given.rounds, moments=moments)
    if given.json:
        print(json.dumps(asdict(result)))
    else:
        for name, value in asdict(result).items():
            print(f"{name:14} {value}")
    return 0 if result.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
