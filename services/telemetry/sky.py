"""The sky of one cycle: clear-sky power now, the night and the sun to come, by the learned
ratio.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from energy.battery.storing import STORED_SHARE
from energy.site.miners import Learned
from energy.site.snapshot import Sky
from services.telemetry.ports import SkyModel

STEP = timedelta(minutes=15)
STEPS = 4 * 48
LONGEST_NIGHT_STEPS = 4 * 36
SUNNY_INDEX = 0.7
"""Ratio of measured to clear-sky power from which it counts as sunny."""

SUNNY_MIN_W = 300.0


class Outlook(NamedTuple):
    """The expected sun from now to the end of the day after the coming night.

    Attributes:
        night_hours: Hours from now (at night) or from the coming dusk (by day) until the sun
            carries the base load again.
        sun_to_come_wh: Energy beyond the base load from now until dusk, as far as the bank gives it
            back to the house, Wh.
        next_day_hours: Hours of the day after that night in which the sun carries the base load.
        next_day_clear_wh: Energy under a clear sky in those hours, Wh.
    """

    night_hours: float
    sun_to_come_wh: float
    next_day_hours: float
    next_day_clear_wh: float


def sky_now(
    model: SkyModel | None,
    learned: Learned,
    at: datetime,
    *,
    pv_w: float | None,
    voltage_v: float | None,
    full_v: float,
    outlook: Outlook | None = None,
) -> Sky:
    """The sky at an instant.

    Args:
        model: Clear-sky model of the site's array; None leaves everything unknown.
        learned: Clear-sky ratio and mean base load.
        at: The instant.
        pv_w: What the array gives, W, for the clear-sky index; None where that is unknown.
        voltage_v: The battery voltage in force, V.
        full_v: At or above this voltage PV may be throttled: the learned ratio is then used instead
            of the measured clear-sky index.
        outlook: A recent result of ``outlook_of``, where computing it each cycle takes too long;
            None computes it.
    """
    if model is None:
        return Sky()
    clear_w = model.clear_sky_w(at)
    ratio, base_w = learned.clear_sky_ratio, learned.mean_base_load_w
    factor = 1.0 if ratio is None else ratio
    full = voltage_v is not None and voltage_v >= full_v
    if outlook is None and base_w is not None:
        outlook = outlook_of(model, at, base_w, factor)
    return Sky(
        clear_sky_w=clear_w,
        sunny=_sunny(clear_w, pv_w, ratio, full=full),
        night_hours=None if outlook is None else outlook.night_hours,
        sun_to_come_wh=None if outlook is None else outlook.sun_to_come_wh,
        next_day_hours=None if outlook is None else outlook.next_day_hours,
        next_day_clear_wh=None if outlook is None else outlook.next_day_clear_wh,
        sun_carries_base_load=None if base_w is None else clear_w * factor >= base_w,
    )


def outlook_of(model: SkyModel, at: datetime, base_w: float, factor: float) -> Outlook:
    """The outlook at ``at`` for a base load of ``base_w``, with the sun at clear sky ×
    ``factor``.
    """
    hours = STEP.total_seconds() / 3_600.0
    dark, bright, come_wh, next_day_wh = 0, 0, 0.0, 0.0
    for step in range(STEPS):
        clear_w = model.clear_sky_w(at + STEP * step)
        beyond_w = clear_w * factor - base_w
        if beyond_w < 0.0:
            if bright > 0:
                break
            dark += 1
            if dark == LONGEST_NIGHT_STEPS:
                break
        elif dark == 0:
            come_wh += beyond_w * hours * STORED_SHARE
        else:
            bright += 1
            next_day_wh += clear_w * hours
    return Outlook(
        night_hours=dark * hours,
        sun_to_come_wh=come_wh,
        next_day_hours=bright * hours,
        next_day_clear_wh=next_day_wh,
    )


def _sunny(clear_w: float, pv_w: float | None, ratio: float | None, *, full: bool) -> bool | None:
    if clear_w < SUNNY_MIN_W:
        return False
    if pv_w is not None and pv_w >= SUNNY_INDEX * clear_w:
        return True
    if full:
        return None if ratio is None else ratio >= SUNNY_INDEX
    return None if pv_w is None else False
