"""Where the sun stands.

The Astronomical Almanac's low-precision formulas as published by Michalsky, "The Astronomical
Almanac's algorithm for approximate solar position (1950-2050)", Solar Energy 40 (1988): within
0.01°. Refraction as in NREL's solar position algorithm (Reda & Andreas 2004).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

J2000_S = 946_728_000.0
"""Noon of 1 January 2000 UTC as Unix seconds."""

_DAY_S = 86_400.0
_AIR_C = 12.0
_HORIZON_DEG = -(0.26667 + 0.5667)
"""The upper limb is at the horizon: the sun's radius and the refraction there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SunPosition:
    """Degrees. ``elevation_deg`` is apparent (with refraction); ``azimuth_deg`` clockwise from
    north.
    """

    elevation_deg: float
    azimuth_deg: float


def sun_position(
    at_s: float, *, latitude: float, longitude: float, altitude_m: float = 0.0
) -> SunPosition:
    """The sun at ``at_s`` (Unix seconds), seen from a place (degrees north and east, m)."""
    days = (at_s - J2000_S) / _DAY_S
    right_ascension, declination = _equatorial(days)
    sidereal_h = 6.697375 + 0.0657098242 * days + (at_s % _DAY_S) / 3_600.0
    hour_angle = math.radians(15.0 * sidereal_h + longitude) - right_ascension
    north = math.radians(latitude)
    sine = math.sin(declination) * math.sin(north)
    sine += math.cos(declination) * math.cos(north) * math.cos(hour_angle)
    azimuth = math.atan2(
        -math.cos(declination) * math.sin(hour_angle),
        math.sin(declination) * math.cos(north)
        - math.cos(declination) * math.sin(north) * math.cos(hour_angle),
    )
    elevation_deg = math.degrees(math.asin(max(-1.0, min(1.0, sine))))
    return SunPosition(
        elevation_deg=elevation_deg + _refraction_deg(elevation_deg, pressure_pa(altitude_m)),
        azimuth_deg=math.degrees(azimuth) % 360.0,
    )


def pressure_pa(altitude_m: float) -> float:
    """Mean air pressure at ``altitude_m``, Pa, by the standard atmosphere."""
    return float(100.0 * ((44_331.514 - altitude_m) / 11_880.516) ** (1.0 / 0.1902632))


def _equatorial(days: float) -> tuple[float, float]:
    """Right ascension and declination, radians."""
    mean_longitude = 280.460 + 0.9856474 * days
    anomaly = math.radians(357.528 + 0.9856003 * days)
    longitude = math.radians(
        mean_longitude + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2.0 * anomaly)
    )
    obliquity = math.radians(23.439 - 0.0000004 * days)
    right_ascension = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    return right_ascension, math.asin(math.sin(obliquity) * math.sin(longitude))


def _refraction_deg(elevation_deg: float, air_pa: float) -> float:
    if elevation_deg < _HORIZON_DEG:
        return 0.0
    angle = math.radians(elevation_deg + 10.3 / (elevation_deg + 5.11))
    density = air_pa / 101_000.0 * 283.0 / (273.0 + _AIR_C)
    return density * 1.02 / (60.0 * math.tan(angle))
