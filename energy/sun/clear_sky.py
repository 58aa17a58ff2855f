"""What a tilted array receives under a clear sky.

Ineichen's clear-sky model (Ineichen & Perez, "A new airmass independent formulation for the Linke
turbidity coefficient", Solar Energy 73, 2002) with Kasten and Young's air mass (1989), isotropic
diffuse light, ground of albedo 0.25.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from energy.sun.position import pressure_pa, sun_position

LINKE_TURBIDITY = 3.0
"""Linke turbidity of a clear sky over land away from cities."""

EXTRATERRESTRIAL_W_M2 = 1_364.0
ALBEDO = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Place and orientation of a plane.

    Attributes:
        latitude: Degrees north.
        longitude: Degrees east.
        altitude_m: Metres above sea level.
        tilt_deg: 0 is flat.
        azimuth_deg: Compass direction that it faces, degrees; 180 is south.
    """

    latitude: float
    longitude: float
    altitude_m: float
    tilt_deg: float
    azimuth_deg: float


def clear_sky_w_m2(at_s: float, plane: Plane) -> float:
    """Irradiance on the plane at ``at_s`` (Unix seconds) under a clear sky, W/m² ≥ 0."""
    sun = sun_position(
        at_s,
        latitude=plane.latitude,
        longitude=plane.longitude,
        altitude_m=plane.altitude_m,
    )
    if sun.elevation_deg <= 0.0:
        return 0.0
    up = math.sin(math.radians(sun.elevation_deg))
    beam, on_ground = _ineichen(sun.elevation_deg, up, plane.altitude_m)
    tilt = math.radians(plane.tilt_deg)
    turn = math.radians(sun.azimuth_deg - plane.azimuth_deg)
    along = math.cos(math.radians(sun.elevation_deg))
    facing = math.cos(tilt) * up + math.sin(tilt) * along * math.cos(turn)
    diffuse = on_ground - beam * up
    return (
        max(beam * facing, 0.0)
        + diffuse * (1.0 + math.cos(tilt)) / 2.0
        + on_ground * ALBEDO * (1.0 - math.cos(tilt)) / 2.0
    )


def _ineichen(elevation_deg: float, up: float, altitude_m: float) -> tuple[float, float]:
    """(direct normal, global horizontal) irradiance, W/m²."""
    air_mass = 1.0 / (up + 0.50572 * (6.07995 + elevation_deg) ** -1.6364)
    air_mass *= pressure_pa(altitude_m) / 101_325.0
    low, high = math.exp(-altitude_m / 8_000.0), math.exp(-altitude_m / 1_250.0)
    scale, depth = 5.09e-5 * altitude_m + 0.868, 3.92e-5 * altitude_m + 0.0387
    haze = LINKE_TURBIDITY - 1.0
    on_ground = EXTRATERRESTRIAL_W_M2 * scale * up
    on_ground *= math.exp(-depth * air_mass * (low + high * haze))
    beam = EXTRATERRESTRIAL_W_M2 * (0.664 + 0.163 / low) * math.exp(-0.09 * air_mass * haze)
    scattered = (0.1 - 0.2 * math.exp(-LINKE_TURBIDITY)) / (0.1 + 0.882 / low)
    return min(beam, on_ground * max(1.0 - scattered, 0.0) / up), on_ground
