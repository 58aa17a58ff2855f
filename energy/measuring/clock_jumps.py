"""The host's clock was set back: remembered instants lie ahead, and what was measured before looks
fresh again.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from energy.site.miners import ControlMemory, MeasuringMemory, MinerMemory

SET_BACK = timedelta(minutes=2)
"""Less is the correction of a clock that drifts."""

BELIEVED_AFTER = timedelta(days=1)
"""A clock that stays back for this long was ahead before, and is right now."""

SET_BACK_NOTE = "The clock of this computer was set back: no value is known to be new."


def after_jump(
    memory: ControlMemory, *, last_cycle_at: datetime | None, at: datetime
) -> ControlMemory:
    """The memory for a cycle at ``at``: nothing in it lies ahead of it.

    A delay to stop that had begun counts from ``at`` at the latest; a delay to start begins anew.
    """
    if last_cycle_at is None or at >= last_cycle_at:
        return memory
    miners = tuple((miner_id, _miner(kept, at)) for miner_id, kept in memory.miners)
    kept = replace(
        memory,
        miners=miners,
        charge=None,
        surplus=tuple(sample for sample in memory.surplus if sample.until <= at),
        stuck=tuple((source, min(since, at)) for source, since in memory.stuck),
        potential_lowered_at=_not_ahead(memory.potential_lowered_at, at),
        voltage_implausible_since=_not_ahead(memory.voltage_implausible_since, at),
        waiting_since=_not_ahead(memory.waiting_since, at),
        balance_closed_at=_not_ahead(memory.balance_closed_at, at),
        balance_open_since=_not_ahead(memory.balance_open_since, at),
    )
    if last_cycle_at - at < SET_BACK:
        return kept
    was_at = memory.clock_was_at
    ahead = last_cycle_at if was_at is None else max(was_at, last_cycle_at)
    return replace(kept, clock_back_at=at, clock_was_at=ahead)


class SetBack(NamedTuple):
    """A clock that is behind: for how long it has been, s; by how much it was set back, s; and when
    values are believed again: when it shows what it showed, or after a day.
    """

    for_s: float
    by_s: float
    until: datetime


def set_back(memory: MeasuringMemory, at: datetime) -> SetBack | None:
    """How the clock is behind; None once it is where it was, or after a day."""
    back_at, was_at = memory.clock_back_at, memory.clock_was_at
    if back_at is None or was_at is None:
        return None
    until = min(was_at, back_at + BELIEVED_AFTER)
    if at >= until:
        return None
    return SetBack((at - back_at).total_seconds(), (was_at - back_at).total_seconds(), until)


def back_for_s(memory: MeasuringMemory, at: datetime) -> float | None:
    """For how long the clock has been back, s; None once it is where it was, or after a day."""
    behind = set_back(memory, at)
    return None if behind is None else behind.for_s


def _miner(memory: MinerMemory, at: datetime) -> MinerMemory:
    clamped = {each.name: _not_ahead(getattr(memory, each.name), at) for each in fields(memory)}
    return replace(memory, **{**clamped, "start_since": None})


def _not_ahead(since: datetime | None, at: datetime) -> datetime | None:
    return None if since is None else min(since, at)
