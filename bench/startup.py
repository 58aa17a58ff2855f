"""Start-up time and memory of the whole program, fresh and the second time.

``python -m bench.startup [--json]``
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = [sys.executable, "-c", "from commandcenter.cli.app import main; main()", "up"]
SETTLE_S = 20.0


def measure(home: str) -> dict[str, float]:
    """Start, let everything load, add up the memory of the process group's owner, stop."""
    outer = os.environ  # noqa: TID251 - a child's environment is made from ours
    started_s = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own program
        PROGRAM,
        cwd=ROOT,
        env={**outer, "COMMANDCENTER_HOME": home, "COMMANDCENTER_PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    if process.stdout is None or not process.stdout.readline().startswith("ready:"):
        process.kill()
        raise SystemExit("the program did not get ready: see commandcenter doctor")
    ready_s = time.perf_counter() - started_s
    time.sleep(SETTLE_S)  # noqa: TID251 - waits for another process
    memory_mb = pss_mb(process.pid) + sum(pss_mb(pid) for pid in servers(home))
    stopping_s = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)
    return {
        "ready_s": round(ready_s, 2),
        "memory_mb": round(memory_mb, 1),
        "stop_s": round(time.perf_counter() - stopping_s, 2),
    }


def servers(home: str) -> list[int]:
    """Process ids of the database server under ``home``: each works in its data folder."""
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "comm").read_text().strip()
            if name.startswith("postgres") and (folder / "cwd").resolve().is_relative_to(home):
                pids.append(int(folder.name))
        except OSError:
            continue
    return pids


def pss_mb(pid: int) -> float:
    """Proportional set size, MB: shared pages are counted once."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return float(line.split()[1]) / 1_024.0
    except OSError:
        return 0.0
    return 0.0


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description="Start-up time and memory.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cc-bench-") as home:
        result = {"first": measure(home), "second": measure(home)}
    if given.json:
        print(json.dumps(result))
        return 0
    for name, row in result.items():
        print(
            f"{name:8} ready {row['ready_s']:6.2f} s   memory {row['memory_mb']:6.1f} MB"
            f"   stop {row['stop_s']:5.2f} s"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
