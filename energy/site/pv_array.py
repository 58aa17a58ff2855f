"""One PV array of a site."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PvArray:
    """A group of panels that face one way, on one inverter input.

    Attributes:
        peak_w: Peak power at standard test conditions, W.
        tilt_deg: Tilt against the horizontal, degrees.
        azimuth_deg: Compass direction that the panels face, degrees (180 is south).
        inverter_limit_w: Most that the inverter takes from the array, W; None without a limit.
    """

    peak_w: float
    tilt_deg: float = 25.0
    azimuth_deg: float = 180.0
    inverter_limit_w: float | None = None
