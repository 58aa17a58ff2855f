"""The sun's position and clear sky against pvlib, which is exact and heavy."""

from __future__ import annotations

import math

import pandas as pd
import pvlib
import pytest

from energy.sun.clear_sky import LINKE_TURBIDITY, Plane, clear_sky_w_m2
from energy.sun.position import pressure_pa, sun_position

PLACES = [
    pytest.param(37.4, -118.6, 30.0, id="reference site"),
    pytest.param(-33.9, 151.2, 0.0, id="southern hemisphere"),
    pytest.param(0.0, 0.0, 0.0, id="equator"),
    pytest.param(69.6, 18.9, 100.0, id="midnight sun and polar night"),
    pytest.param(39.7, -105.0, 2_500.0, id="high up, across the date line of UTC"),
]
MIDNIGHT_S = 1_782_000_000.0
"""21 June 2026, 00:00 UTC: the sun is 29.6° below the horizon of 37° north (90 - 37 - 23.4)."""

TIMES = pd.date_range("2026-01-01", "2026-12-31", freq="3h11min", tz="UTC").append(
    pd.date_range("2040-06-20", "2040-06-22", freq="13min", tz="UTC")
)


@pytest.mark.parametrize(("latitude", "longitude", "altitude_m"), PLACES)
def test_the_position_is_within_two_hundredths_of_a_degree(
    latitude: float, longitude: float, altitude_m: float
) -> None:
    exact = pvlib.solarposition.get_solarposition(TIMES, latitude, longitude, altitude=altitude_m)
    for at, row in zip(TIMES, exact.itertuples(), strict=True):
        found = sun_position(
            at.timestamp(), latitude=latitude, longitude=longitude, altitude_m=altitude_m
        )
        # Within the last degree above the horizon refraction itself is uncertain.
        limit = 0.02 if abs(row.elevation) > 1.0 else 0.1
        assert found.elevation_deg == pytest.approx(row.apparent_elevation, abs=limit)
        turned = (found.azimuth_deg - row.azimuth + 180.0) % 360.0 - 180.0
        assert abs(turned) * math.cos(math.radians(row.elevation)) < 0.02


@pytest.mark.parametrize(("tilt_deg", "azimuth_deg"), [(0.0, 180.0), (25.0, 180.0), (60.0, 90.0)])
@pytest.mark.parametrize(("latitude", "longitude", "altitude_m"), PLACES)
def test_the_clear_sky_is_within_two_watts_a_square_metre(
    latitude: float, longitude: float, altitude_m: float, tilt_deg: float, azimuth_deg: float
) -> None:
    plane = Plane(
        latitude=latitude,
        longitude=longitude,
        altitude_m=altitude_m,
        tilt_deg=tilt_deg,
        azimuth_deg=azimuth_deg,
    )
    exact = _by_pvlib(plane)
    for at, expected in zip(TIMES, exact, strict=True):
        assert clear_sky_w_m2(at.timestamp(), plane) == pytest.approx(expected, abs=2.0)


def _by_pvlib(plane: Plane) -> list[float]:
    position = pvlib.solarposition.get_solarposition(
        TIMES, plane.latitude, plane.longitude, altitude=plane.altitude_m
    )
    zenith = position["apparent_zenith"]
    airmass = pvlib.atmosphere.get_absolute_airmass(
        pvlib.atmosphere.get_relative_airmass(zenith),
        pvlib.atmosphere.alt2pres(plane.altitude_m),
    )
    sky = pvlib.clearsky.ineichen(
        zenith, airmass, linke_turbidity=LINKE_TURBIDITY, altitude=plane.altitude_m
    )
    total = pvlib.irradiance.get_total_irradiance(
        plane.tilt_deg,
        plane.azimuth_deg,
        zenith,
        position["azimuth"],
        sky["dni"],
        sky["ghi"],
        sky["dhi"],
    )
    return [float(value) for value in total["poa_global"].fillna(0.0)]


def test_air_is_thinner_high_up() -> None:
    assert pressure_pa(0.0) == pytest.approx(101_325.0, rel=1e-3)
    assert pressure_pa(2_500.0) == pytest.approx(pvlib.atmosphere.alt2pres(2_500.0))


def test_at_midnight_there_is_nothing() -> None:
    found = sun_position(MIDNIGHT_S, latitude=37.0, longitude=0.0)
    assert found.elevation_deg == pytest.approx(-29.6, abs=0.2)
    assert found.azimuth_deg == pytest.approx(359.5, abs=0.5), "north, by the equation of time"
    plane = Plane(latitude=37.0, longitude=0.0, altitude_m=0.0, tilt_deg=25.0, azimuth_deg=180.0)
    assert clear_sky_w_m2(MIDNIGHT_S, plane) == 0.0
