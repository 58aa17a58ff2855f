"""Whether the powers of inverter and battery monitor still tell the same story.

What the array and the grid give, less what the loads take, goes into the battery. Where two sources
measure the two sides and agreed until now, a gap that opens and stays says that one of them no
longer measures. Only a battery that gets less than it should is judged: one that gets more has a
source that nobody meters, a generator or a second charger.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from energy.measuring.quantity import Quality, Quantity
from energy.site.miners import MeasuringMemory
from energy.wording import duration, watts

TOLERANCE_W = 1_000.0
TOLERANCE_SHARE = 0.2
"""Losses, and the minutes between the two sources' stamps."""

OPEN_FOR = timedelta(minutes=15)
"""Clouds and switches open the balance for as long as one source is older than the other."""

AGREED_WITHIN = timedelta(hours=24)
"""A balance that has been open for longer has something in it that nobody meters."""


class Balance(NamedTuple):
    """``suspicion`` is why the inverter's powers are suspect; empty while they are not."""

    suspicion: str
    closed_at: datetime | None
    open_since: datetime | None


def balance(
    *,
    pv: Quantity,
    grid: Quantity,
    load: Quantity,
    battery_w: float | None,
    battery_source: str | None,
    memory: MeasuringMemory,
    at: datetime,
) -> Balance:
    """Follow the balance.

    Args:
        pv: By the inverter.
        grid: By the inverter; without one there is no grid.
        load: By the inverter.
        battery_w: The battery's power by ``battery_source``, W, + charging.
        battery_source: Another source, or nothing can be compared.
        memory: Of the last cycle.
        at: This cycle.
    """
    closed_at, open_since = memory.balance_closed_at, memory.balance_open_since
    pv_w, load_w = pv.usable, load.usable
    if pv_w is None or load_w is None or battery_w is None or battery_source == load.source:
        return Balance("", closed_at, open_since)
    grid_w = 0.0 if grid.usable is None else grid.usable
    expected_w = pv_w + grid_w - load_w
    largest_w = max(pv_w, load_w, abs(grid_w), abs(battery_w))
    if expected_w - battery_w <= max(TOLERANCE_W, TOLERANCE_SHARE * largest_w):
        return Balance("", at, None)
    open_since = at if open_since is None else open_since
    agreed = closed_at is not None and at - closed_at <= AGREED_WITHIN
    if not agreed or at - open_since < OPEN_FOR:
        return Balance("", closed_at, open_since)
    suspicion = (
        f"by {load.source} {watts(expected_w)} go into the battery, by {battery_source} it is"
        f" {watts(battery_w)}, for {duration((at - open_since).total_seconds())} now"
    )
    return Balance(suspicion, closed_at, open_since)


def suspected(quantity: Quantity, what: str, suspicion: str) -> Quantity:
    """A quantity that the balance speaks against counts as missing."""
    if not suspicion or quantity.value is None:
        return quantity
    reason = f"The {what} is suspect and counts as missing: {suspicion}."
    return quantity._replace(value=None, quality=Quality.SUSPECT, reason=reason)
