"""Power balance: whether the powers of inverter and battery monitor still agree.

PV and grid power less the load must go into the battery. Where two sources measure the two sides
and agreed until now, a gap that opens and stays means that one of them no longer measures. Only a
battery that gets too little is judged: one that gets more has an unmetered source, such as a
generator or a second charger.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from energy.measuring.quantity import Quality, Quantity
from energy.site.miners import MeasuringMemory
from energy.wording import duration, watts

TOLERANCE_W = 1_000.0
TOLERANCE_SHARE = 0.2
"""Share of the largest power allowed for losses and for the minutes between the two readings."""

OPEN_FOR = timedelta(minutes=15)
"""A gap must last this long, because clouds and switches open one while the two sources' readings
differ in age.
"""

AGREED_WITHIN = timedelta(hours=24)
"""A gap is only suspected if the balance closed within this time; else something is unmetered."""


class Balance(NamedTuple):
    """Result of one check. ``suspicion`` is why the inverter's powers are suspect, as a clause;
    empty while they are not. ``closed_at`` and ``open_since`` are for the memory.
    """

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
    """Compare the two sides of the balance in this cycle.

    Args:
        pv: PV power by the inverter.
        grid: Grid power by the inverter; missing counts as no grid.
        load: Load by the inverter.
        battery_w: The battery's power by ``battery_source``, W, + charging.
        battery_source: Must differ from the load's source, or nothing is compared.
        memory: Memory of the last cycle.
        at: Instant of this cycle.
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
    """The quantity, counted as missing where ``suspicion`` is not empty."""
    if not suspicion or quantity.value is None:
        return quantity
    reason = f"The {what} is suspect and counts as missing: {suspicion}."
    return quantity._replace(value=None, quality=Quality.SUSPECT, reason=reason)
