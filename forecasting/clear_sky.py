"""Power of a site's arrays under a clear sky, in a table of five-minute knots per UTC day.

The irradiance is that of ``energy.sun``. A day's table is computed once, in some milliseconds; a
call then only interpolates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from energy.site.pv_array import PvArray
from energy.sun.clear_sky import Plane, clear_sky_w_m2

_KNOT_S = 300
_KNOTS = 86_400 // _KNOT_S + 1
_KEPT_DAYS = 800
_CELL_K_PER_W_M2 = 0.03
_AIR_C = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayGeometry:
    """One array: degrees north and east, metres, degrees of tilt and compass, W.

    ``efficiency`` is the share left after losses of wiring, soiling and conversion;
    ``temperature_factor`` the change of power per kelvin of cell temperature.
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


class ClearSkyModel:
    """Implements the port ``SkyModel`` with a table of powers per day."""

    def __init__(self, *arrays: ArrayGeometry) -> None:
        """Power is the sum of ``arrays``. Nothing is computed before the first call."""
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
        """Whether the table of the day of ``at`` is computed."""
        return at.astimezone(UTC).date() in self._tables

    def prepare(self, start: datetime, *, days: int = 2) -> None:
        """Compute ``days`` UTC days from ``start`` on in one go. Slow: call it in a thread."""
        first = start.astimezone(UTC).date()
        if any(first + timedelta(days=number) not in self._tables for number in range(days)):
            self._compute(first, days)

    def _compute(self, first: date, days: int) -> None:
        if len(self._tables) + days > _KEPT_DAYS:
            self._tables.clear()
        for number in range(days):
            day = first + timedelta(days=number)
            midnight_s = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
            self._tables[day] = tuple(
                sum(_power_w(midnight_s + knot * _KNOT_S, array) for array in self._arrays)
                for knot in range(_KNOTS)
            )


def _power_w(at_s: float, array: ArrayGeometry) -> float:
    plane = Plane(
        latitude=array.latitude,
        longitude=array.longitude,
        altitude_m=array.altitude_m,
        tilt_deg=array.tilt_deg,
        azimuth_deg=array.azimuth_deg,
    )
    received_w_m2 = clear_sky_w_m2(at_s, plane)
    cell_c = _AIR_C + _CELL_K_PER_W_M2 * received_w_m2
    power = array.peak_w * received_w_m2 / 1_000.0 * array.efficiency
    power *= 1.0 + array.temperature_factor * (cell_c - 25.0)
    return min(max(power, 0.0), array.inverter_limit_w)
