"""Power of a site's arrays under a clear sky, by pvlib.

Ineichen's clear sky with a fixed turbidity, transposed onto the array; a table of five-minute knots
per UTC day is computed once, so that a question only interpolates. pvlib takes seconds to load:
``prepare`` does that beside the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from energy.site.pv_array import PvArray

_KNOT_S = 300
_KNOTS = 86_400 // _KNOT_S + 1
_KEPT_DAYS = 800
_LINKE_TURBIDITY = 3.0
_CELL_K_PER_W_M2 = 0.03
_AIR_C = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayGeometry:
    """One array: degrees north and east, metres, degrees of tilt and compass, W.

    ``efficiency`` is what wiring, soiling and conversion leave over; ``temperature_factor`` the
    change of power per kelvin of cell temperature.
    """

    latitude: float
    longitude: float
    altitude_m: float = 30.0
    tilt_deg: float = 25.0
    azimuth_deg: float = 180.0
    peak_w: float = 14_600.0
    inverter_limit_w: float = 15_000.0
    efficiency: float = 0.90
    temperature_factor: float = -0.0037


def geometry(latitude: float, longitude: float, array: PvArray) -> ArrayGeometry:
    """An array of a site at its place, with the usual losses."""
    limit_w = array.inverter_limit_w
    return ArrayGeometry(
        latitude=latitude,
        longitude=longitude,
        tilt_deg=array.tilt_deg,
        azimuth_deg=array.azimuth_deg,
        peak_w=array.peak_w,
        inverter_limit_w=array.peak_w if limit_w is None else limit_w,
    )


class PvlibSkyModel:
    """The port ``SkyModel``, with tables per day and what they tell of nights."""

    def __init__(self, *arrays: ArrayGeometry) -> None:
        """The sum of ``arrays``. Nothing is computed before the first question."""
        self._arrays = arrays
        self._tables: dict[date, tuple[float, ...]] = {}

    def clear_sky_w(self, at: datetime) -> float:
        """Power under a clear sky at ``at`` (aware), W ≥ 0, each array limited by its inverter."""
        instant = at.astimezone(UTC)
        table = self.table(instant.date())
        seconds = instant.hour * 3_600 + instant.minute * 60 + instant.second
        position = (seconds + instant.microsecond / 1e6) / _KNOT_S
        index = int(position)
        share = position - index
        return table[index] * (1.0 - share) + table[index + 1] * share

    def table(self, day: date) -> tuple[float, ...]:
        """Powers of the UTC day every five minutes, both midnights included, W."""
        known = self._tables.get(day)
        if known is None:
            self._compute(day, 1)
            known = self._tables[day]
        return known

    def is_prepared(self, at: datetime) -> bool:
        """Whether the day of ``at`` needs no more computing."""
        return at.astimezone(UTC).date() in self._tables

    def prepare(self, start: datetime, *, days: int = 2) -> None:
        """Compute ``days`` UTC days from ``start`` on in one go. Slow: call it in a thread."""
        first = start.astimezone(UTC).date()
        if any(first + timedelta(days=number) not in self._tables for number in range(days)):
            self._compute(first, days)

    def _compute(self, first: date, days: int) -> None:
        import pandas as pd  # noqa: PLC0415 - a second of start-up that only this needs

        start = pd.Timestamp(first, tz="UTC")
        times = pd.date_range(start, periods=days * (_KNOTS - 1) + 1, freq=f"{_KNOT_S}s")
        each = [self._powers(times, array) for array in self._arrays]
        powers = [sum(values) for values in zip(*each, strict=True)]
        if len(self._tables) + days > _KEPT_DAYS:
            self._tables.clear()
        for number in range(days):
            begin = number * (_KNOTS - 1)
            day = first + timedelta(days=number)
            self._tables[day] = tuple(powers[begin : begin + _KNOTS])

    def _powers(self, times: Any, array: ArrayGeometry) -> list[float]:  # noqa: ANN401 - pandas
        import pvlib  # noqa: PLC0415 - see above

        position = pvlib.solarposition.get_solarposition(
            times, array.latitude, array.longitude, altitude=array.altitude_m
        )
        zenith = position["apparent_zenith"]
        airmass = pvlib.atmosphere.get_absolute_airmass(
            pvlib.atmosphere.get_relative_airmass(zenith),
            pvlib.atmosphere.alt2pres(array.altitude_m),
        )
        sky = pvlib.clearsky.ineichen(
            zenith, airmass, linke_turbidity=_LINKE_TURBIDITY, altitude=array.altitude_m
        )
        plane = pvlib.irradiance.get_total_irradiance(
            array.tilt_deg,
            array.azimuth_deg,
            zenith,
            position["azimuth"],
            sky["dni"],
            sky["ghi"],
            sky["dhi"],
        )["poa_global"].fillna(0.0)
        cell_c = _AIR_C + _CELL_K_PER_W_M2 * plane
        power = array.peak_w * plane / 1_000.0 * array.efficiency
        power *= 1.0 + array.temperature_factor * (cell_c - 25.0)
        return [float(value) for value in power.clip(0.0, array.inverter_limit_w)]
