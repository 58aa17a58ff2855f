"""After its start the program waits for the first readings before it calls telemetry lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from energy.site.miners import ControlMemory, MeasuringMemory

WAITING = "Waiting for the first readings: nothing starts."

PAUSE = timedelta(minutes=10)
"""Without a cycle for this long the program counts as having been stopped."""

WAITS = timedelta(minutes=5)
"""After a start every source has been polled once within this time, clouds included."""


def awaiting_readings(
    memory: ControlMemory, *, last_cycle_at: datetime | None, at: datetime
) -> ControlMemory:
    """The memory for a cycle at ``at``; the first one after a pause waits for its readings.

    Whether a start voltage held during the pause is not known, so its delay begins anew.
    """
    if last_cycle_at is not None and at - last_cycle_at <= PAUSE:
        return memory
    miners = tuple((miner_id, replace(kept, start_since=None)) for miner_id, kept in memory.miners)
    return replace(memory, waiting_since=at, miners=miners)


def still_waiting(memory: MeasuringMemory, at: datetime) -> bool:
    """Whether the program still waits for its first readings."""
    return memory.waiting_since is not None and at - memory.waiting_since < WAITS
