"""Power of the array under a clear sky, in a table of five-minute knots per UTC day.

Ineichen's clear sky with a fixed turbidity, isotropic transposition onto the tilted array, cell
temperature by the irradiance. The table is computed once per day, so a step only interpolates.
"""

from __future__ import annotations

from energy.sun.clear_sky import Plane, clear_sky_w_m2
from simulator.physics.site_plan import ArrayPlan, Place

_DAY_S = 86_400
_KNOT_S = 300.0
_KEPT_DAYS = 8
_CELL_K_PER_W_M2 = 0.03
_AIR_C = 18.0


class ClearSun:
    """Clear-sky power of an array."""

    def __init__(self, place: Place, array: ArrayPlan) -> None:
        """Describe the array; nothing is computed before the first question."""
        self._array = array
        self._plane = Plane(
            latitude=place.latitude,
            longitude=place.longitude,
            altitude_m=place.altitude_m,
            tilt_deg=array.tilt_deg,
            azimuth_deg=array.azimuth_deg,
        )
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
        # Between five-minute knots the sun moves a degree: a line is exact to a watt or two.
        return [round(self._power_w(day * _DAY_S + knot * _KNOT_S), 2) for knot in range(289)]

    def _power_w(self, at_s: float) -> float:
        array = self._array
        plane_w_m2 = clear_sky_w_m2(at_s, self._plane)
        cell_c = _AIR_C + _CELL_K_PER_W_M2 * plane_w_m2
        power = array.peak_w * plane_w_m2 / 1_000.0 * array.loss_factor
        power *= 1.0 + array.temperature_factor * (cell_c - 25.0)
        return min(max(power, 0.0), array.inverter_limit_w)
