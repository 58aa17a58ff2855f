"""Powers, currents and temperatures with their quality: which of them may be used."""

from __future__ import annotations

from math import isfinite

from energy.measuring.frozen import Frozen
from energy.measuring.quantity import MISSING, Quality, Quantity
from energy.measuring.staleness import stale_after_s
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading
from energy.wording import grouped

NOISE_W = -50.0
"""A power that cannot be negative is noise down to here; below it is a wrong sign or channel, W."""

HIGHEST = 1e9
"""Beyond this, either way, a power (W), current (A) or temperature (°C) is no measurement."""

GRID_NOISE_W = 50.0
"""Import up to here is meter noise, W: an islanded inverter never reads exactly zero."""


def flow(reading: Reading | None, what: str, preferences: Preferences, frozen: Frozen) -> Quantity:
    """A reading as a quantity; ``what`` names it in the reason, e.g. ``solar power``."""
    if reading is None:
        return MISSING
    limit_s = stale_after_s(reading, preferences)
    quality, reason = _judged(reading, what, limit_s, frozen)
    believed = quality is Quality.GOOD or quality is Quality.STALE
    value = reading.value if believed else None
    return Quantity(value, reading.age_s, reading.source, quality, reason, limit_s)


def not_negative(quantity: Quantity, what: str, *, otherwise: Quality) -> Quantity:
    """A power that cannot be negative: noise just below zero becomes zero, more is not believed.

    Args:
        quantity: The power, W.
        what: Its name in the reason, with a capital.
        otherwise: Quality of a clearly negative value: ``IMPLAUSIBLE`` or ``SUSPECT``.
    """
    power_w = quantity.value
    if power_w is None or power_w >= 0.0:
        return quantity
    if power_w >= NOISE_W:
        return quantity._replace(value=0.0)
    reason = f"{what} of {grouped(power_w)} W is {otherwise.value} and counts as missing."
    return quantity._replace(value=None, quality=otherwise, reason=reason)


def _judged(reading: Reading, what: str, limit_s: float, frozen: Frozen) -> tuple[Quality, str]:
    if not isfinite(reading.value):
        return Quality.IMPLAUSIBLE, f"The {what} is not a number and counts as missing."
    if abs(reading.value) > HIGHEST:
        return Quality.IMPLAUSIBLE, f"The {what} is beyond anything real and counts as missing."
    if reading.source in frozen:
        return Quality.FROZEN, (
            f"{reading.source} is frozen, {frozen[reading.source]}: its {what} of"
            f" {grouped(reading.value)} counts as missing."
        )
    if reading.age_s <= limit_s:
        return Quality.GOOD, ""
    if reading.suspicion:
        why = f"The {what} is suspect and counts as missing: {reading.suspicion}."
        return Quality.SUSPECT, why
    return Quality.STALE, f"The {what} is {grouped(reading.age_s)} s old and counts as missing."
