"""Power of the array under a clear sky, by pvlib, in a table of five-minute knots per UTC day.

Ineichen's clear sky with a fixed turbidity, isotropic transposition onto the tilted array, cell
temperature by the irradiance. The table is computed once per day, so a step only interpolates.
"""

from __future__ import annotations

from typing import Any

from simulator.physics.site_plan import ArrayPlan, Place

_DAY_S = 86_400
_KNOT_S = 300.0
_KEPT_DAYS = 8
_LINKE_TURBIDITY = 3.0
_CELL_K_PER_W_M2 = 0.03
_AIR_C = 18.0


class ClearSun:
    """Clear-sky power of an array."""

    def __init__(self, place: Place, array: ArrayPlan) -> None:
        """Describe the array; nothing is computed before the first question."""
        self._place = place
        self._array = array
        self._tables: dict[int, list[float]] = {}

    def power_w(self, at_s: float) -> float:
        """Power under a clear sky at ``at_s`` (epoch seconds), W ≥ 0."""
        day = int(at_s // _DAY_S)
        table = self._tables.get(day)
        if table is None:
            table = self._add(day)
        position = (at_s - day * _DAY_S) / _KNOT_S
        index = int(position)
        share = position - index
        return table[index] * (1.0 - share) + table[index + 1] * share

    def prepare(self, at_s: float) -> None:
        """Compute the day of ``at_s`` now. Slow the first time: call it beside the event loop."""
        day = int(at_s // _DAY_S)
        if day not in self._tables:
            self._add(day)

    def is_prepared(self, at_s: float) -> bool:
        """Whether the day of ``at_s`` needs no more computing."""
        return int(at_s // _DAY_S) in self._tables

    def to_json(self) -> dict[str, list[float]]:
        """The computed days, so that a restart need not compute them again."""
        return {str(day): table for day, table in self._tables.items()}

    def restore(self, tables: dict[str, list[float]]) -> None:
        """Take over what ``to_json`` gave."""
        self._tables.update({int(day): list(table) for day, table in tables.items()})

    def _add(self, day: int) -> list[float]:
        if len(self._tables) >= _KEPT_DAYS:
            del self._tables[min(self._tables)]
        table = self._tables[day] = self._table(day)
        return table

    def _table(self, day: int) -> list[float]:
        import pandas as pd  # noqa: PLC0415 - a second of start-up that only the sun needs

        # Between five-minute knots the sun moves a degree: a line is exact to a watt or two.
        start = pd.Timestamp(day * _DAY_S, unit="s", tz="UTC")
        power = self._powers(pd.date_range(start, periods=289, freq="5min"))
        return [round(value, 2) for value in power]

    def _powers(self, times: Any) -> list[float]:  # noqa: ANN401 - pandas has no types here
        import pvlib  # noqa: PLC0415 - see above

        place, array = self._place, self._array
        position = pvlib.solarposition.get_solarposition(
            times, place.latitude, place.longitude, altitude=place.altitude_m
        )
        zenith = position["apparent_zenith"]
        pressure = pvlib.atmosphere.alt2pres(place.altitude_m)
        airmass = pvlib.atmosphere.get_absolute_airmass(
            pvlib.atmosphere.get_relative_airmass(zenith), pressure
        )
        sky = pvlib.clearsky.ineichen(
            zenith, airmass, linke_turbidity=_LINKE_TURBIDITY, altitude=place.altitude_m
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
        power = array.peak_w * plane / 1_000.0 * array.loss_factor
        power *= 1.0 + array.temperature_factor * (cell_c - 25.0)
        return [float(value) for value in power.clip(0.0, array.inverter_limit_w)]
