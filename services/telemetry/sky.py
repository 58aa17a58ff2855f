"""What the sun will do, for one cycle: now, tonight, and whether it carries the house."""

from __future__ import annotations

from datetime import datetime, timedelta

from energy.measuring.measured import Measured
from energy.site.miners import Learned
from energy.site.snapshot import Sky
from services.telemetry.ports import SkyModel

STEP = timedelta(minutes=15)
STEPS = 4 * 36
SUNNY_INDEX = 0.7
"""Measured to clear-sky power from which it counts as sunny."""

SUNNY_MIN_W = 300.0


def sky_now(model: SkyModel | None, learned: Learned, measured: Measured, *, full_v: float) -> Sky:
    """The sky for what is measured.

    Args:
        model: Clear-sky model of the site's array; None leaves everything unknown.
        learned: Clear-sky ratio and mean base load.
        measured: For its time, and PV for the clear-sky index.
        full_v: At or above this voltage the battery may hold the sun back: then the learned ratio
            stands in for the index.
    """
    if model is None:
        return Sky()
    at, voltage_v, pv_w = measured.at, measured.raw_voltage_v, measured.pv_w
    clear_w = model.clear_sky_w(at)
    ratio, base_w = learned.clear_sky_ratio, learned.mean_base_load_w
    factor = 1.0 if ratio is None else ratio
    full = voltage_v is not None and voltage_v >= full_v
    return Sky(
        clear_sky_w=clear_w,
        sunny=_sunny(clear_w, pv_w, ratio, full=full),
        night_hours=None if base_w is None else _night_hours(model, at, base_w, factor),
        sun_carries_base_load=None if base_w is None else clear_w * factor >= base_w,
    )


def _sunny(clear_w: float, pv_w: float | None, ratio: float | None, *, full: bool) -> bool | None:
    if clear_w < SUNNY_MIN_W:
        return False
    if pv_w is not None and pv_w >= SUNNY_INDEX * clear_w:
        return True
    if full:
        return None if ratio is None else ratio >= SUNNY_INDEX
    return None if pv_w is None else False


def _night_hours(model: SkyModel, at: datetime, base_w: float, factor: float) -> float:
    """Hours from now (at night) or from the coming dusk (by day) until the sun carries the base."""
    dark = 0
    for step in range(STEPS):
        carries = model.clear_sky_w(at + STEP * step) * factor >= base_w
        if not carries:
            dark += 1
        elif dark > 0:
            break
    return dark * STEP.total_seconds() / 3_600.0
