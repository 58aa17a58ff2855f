"""A site as three processes while its parts fail: cycles run and missed, and the time to recover.

``python -m bench.chaos [--json] [--quick]``

Web, worker and scheduler run on one database beside a simulated plant. The database is away for
10 s, 30 s and 5 min, suspended for 2 min, its connections are killed; each vendor is frozen,
silent, answers garbage, or does not answer in time; the worker is killed and started again after
30 s, as a supervisor would. ``--quick`` shortens every outage to a fifth. It takes half an hour.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
import psycopg

from storage.embedded.cluster import Cluster

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = [sys.executable, "-c", "from commandcenter.cli.app import main; main()"]
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SPEED = 10.0
CYCLE_WALL_S = 60.0 / SPEED
SETTLED_WITHIN_S = 120.0
KILLED = 700
VENDORS = ("vrm", "solark", "shelly")
KINDS = ("frozen", "offline", "garbage", "timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Result of one failure.

    Attributes:
        what: What failed.
        lasted_s: For how long, wall s.
        due: Control cycles that were due in that time.
        ran: Cycles that were decided in that time.
        back_s: From its end to the next cycle, wall s; None where none came within two minutes.
        open_actions: Actions that were still under way two cycles later.
    """

    what: str
    lasted_s: float
    due: int
    ran: int
    back_s: float | None
    open_actions: int


class Rig:
    """The plant, the database and the three processes."""

    def __init__(self, folder: Path) -> None:
        """Start everything; ``close`` ends it."""
        self.folder = folder
        self.cluster = Cluster(folder / "postgres", durable=False)
        self.cluster.start()
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self.plant = self.start("simulate").removeprefix("ready:").strip()
        self.given = {
            "SIM_URL": self.plant,
            "DATABASE_URL": self.cluster.dsn,
            "COMMANDCENTER_SECRET_KEY": KEY,
        }
        for name in ("serve", "worker", "scheduler"):
            self.start(name)

    def start(self, name: str) -> str:
        """Start one process; the line with which it says that it is ready."""
        outer = os.environ  # noqa: TID251 - a child's environment is made from ours
        own = {"COMMANDCENTER_HOME": str(self.folder / name), "COMMANDCENTER_PORT": "0"}
        with (self.folder / f"{name}.log").open("a") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [*PROGRAM, name],
                cwd=ROOT,
                env={**outer, "SIM_SPEED": f"{SPEED:g}", **getattr(self, "given", {}), **own},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._processes[name] = process
        line = "" if process.stdout is None else process.stdout.readline()
        if "ready" not in line:
            raise SystemExit(f"{name} did not get ready: see {self.folder / name}.log")
        return line

    def kill(self, name: str) -> None:
        """Kill a process with SIGKILL."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def alive(self) -> list[str]:
        """Which processes have not ended."""
        return [name for name, process in self._processes.items() if process.poll() is None]

    def close(self) -> None:
        """End everything."""
        for name in list(self._processes):
            self.kill(name)
        self.cluster.stop()

    def ask(self, statement: str) -> int | None:
        """One number of the database; None while it does not answer."""
        with (
            contextlib.suppress(psycopg.Error),
            psycopg.connect(self.cluster.dsn, autocommit=True, connect_timeout=2) as connection,
        ):
            row = connection.execute(statement.encode()).fetchone()
            return None if row is None else int(row[0])
        return None

    def decisions(self) -> int:
        """How many cycles were decided so far."""
        return self.ask("SELECT count(*) FROM decisions") or 0

    def open_actions(self) -> int:
        """Actions that are under way."""
        return (
            self.ask("SELECT count(*) FROM actions WHERE status IN ('executing', 'verifying')") or 0
        )


@contextmanager
def away(rig: Rig) -> Iterator[None]:
    """The database server is stopped."""
    rig.cluster.stop()
    try:
        yield
    finally:
        rig.cluster.start()


@contextmanager
def suspended(rig: Rig) -> Iterator[None]:
    """All processes of the database server stand still."""
    servers: list[Any] = [
        process
        for process in psutil.process_iter()
        if process.name().startswith("postgres") and _works_in(process, rig.cluster.data)
    ]
    for process in servers:
        process.suspend()
    try:
        yield
    finally:
        for process in servers:
            with contextlib.suppress(psutil.Error):
                process.resume()


@contextmanager
def killed(rig: Rig) -> Iterator[None]:
    """All connections are cut, again and again."""
    cut = 0
    while cut < KILLED:
        cut += (
            rig.ask(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            or 0
        )
        time.sleep(0.05)  # noqa: TID251 - a bench that watches other processes
    yield


def failing(target: str, kind: str) -> Callable[[Rig], contextlib.AbstractContextManager[None]]:
    """A vendor that fails."""

    @contextmanager
    def fails(rig: Rig) -> Iterator[None]:
        given = {"target": target, "kind": kind}
        httpx2.post(f"{rig.plant}/sim/faults", json=given).raise_for_status()
        try:
            yield
        finally:
            httpx2.delete(f"{rig.plant}/sim/faults").raise_for_status()

    return fails


@contextmanager
def worker_killed(rig: Rig) -> Iterator[None]:
    """The worker dies; it is started again when the block ends."""
    rig.kill("worker")
    try:
        yield
    finally:
        rig.start("worker")


def measure(
    rig: Rig,
    what: str,
    fault: Callable[[Rig], contextlib.AbstractContextManager[None]],
    seconds: float,
) -> Row:
    """Cause a failure, end it, and measure the time to the next cycle."""
    before, begun_s = rig.decisions(), time.monotonic()
    with fault(rig):
        time.sleep(seconds)  # noqa: TID251 - as long as it lasts
        during = None if fault in {away, suspended} else rig.decisions()
    lasted_s = time.monotonic() - begun_s
    mended_s = time.monotonic()
    after = rig.decisions()
    back_s = None
    while back_s is None and time.monotonic() - mended_s < SETTLED_WITHIN_S:
        if rig.decisions() > after:
            back_s = time.monotonic() - mended_s
        time.sleep(0.2)  # noqa: TID251 - watches other processes
    time.sleep(2 * CYCLE_WALL_S)  # noqa: TID251 - the next one starts from a site at rest
    return Row(
        what=what,
        lasted_s=round(lasted_s, 1),
        due=int(lasted_s / CYCLE_WALL_S),
        ran=max(0, (after if during is None else during) - before),
        back_s=None if back_s is None else round(back_s, 1),
        open_actions=rig.open_actions(),
    )


def run(folder: Path, *, share: float) -> tuple[list[Row], list[str]]:
    """All rows, and which processes were alive at the end."""
    rig = Rig(folder)
    try:
        while rig.decisions() < 5:
            time.sleep(1.0)  # noqa: TID251 - watches other processes
        rows = [
            measure(rig, "nothing", lambda _: contextlib.nullcontext(), 60.0 * share),
            measure(rig, "database away", away, 10.0 * share),
            measure(rig, "database away", away, 30.0 * share),
            measure(rig, "database away", away, 300.0 * share),
            measure(rig, "database suspended", suspended, 120.0 * share),
            measure(rig, f"{KILLED} connections killed", killed, 0.0),
        ]
        rows += [
            measure(rig, f"{target} {kind}", failing(target, kind), 60.0 * share)
            for target in VENDORS
            for kind in KINDS
        ]
        rows.append(measure(rig, "worker killed", worker_killed, 30.0 * share))
        return rows, rig.alive()
    finally:
        rig.close()


def main(arguments: list[str] | None = None) -> int:
    """Run it; returns the exit code: 1 where a cycle did not come back or a process has ended."""
    parser = argparse.ArgumentParser(description="What a site survives.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cc-chaos-") as folder:
        rows, alive = run(Path(folder), share=0.2 if given.quick else 1.0)
    bad = len(alive) < 4 or any(row.back_s is None for row in rows)
    if given.json:
        print(json.dumps({"rows": [asdict(row) for row in rows], "alive": alive}))
        return int(bad)
    print(f"{'what failed':28} {'for s':>7} {'due':>4} {'ran':>4} {'back after s':>13} {'open':>5}")
    for row in rows:
        back = "never" if row.back_s is None else f"{row.back_s:.1f}"
        print(
            f"{row.what:28} {row.lasted_s:7.1f} {row.due:4} {row.ran:4} {back:>13}"
            f" {row.open_actions:5}"
        )
    print("alive at the end:", ", ".join(alive))
    return int(bad)


def _works_in(process: Any, folder: Path) -> bool:  # noqa: ANN401 - psutil has no types here
    try:
        return Path(process.cwd()) == folder
    except (psutil.Error, OSError):
        return False


if __name__ == "__main__":
    sys.exit(main())
