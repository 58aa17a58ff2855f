"""The house's base load: a pure function of time and seed."""

from __future__ import annotations

import random

_DAY_S = 86_400
_MINUTES = 1_440
_KEPT_DAYS = 8

# Share of the mean power by hour of the local solar day: a morning and a broad evening peak.
_SHAPE = (
    0.62, 0.58, 0.55, 0.54, 0.56, 0.66, 0.95, 1.20, 1.10, 0.98, 0.95, 1.00,
    1.10, 1.02, 0.95, 0.98, 1.12, 1.42, 1.68, 1.70, 1.52, 1.24, 0.92, 0.72,
)  # fmt: skip
# (power W, shortest and longest run in minutes, earliest and latest hour, times a day)
_APPLIANCES = (
    (1_500.0, 3, 6, 6, 22, 5),
    (1_100.0, 10, 30, 17, 20, 1),
    (1_900.0, 12, 20, 9, 19, 1),
    (450.0, 30, 90, 8, 21, 2),
)
_APPLIANCE_MEAN_W = 150.0
_FRIDGE_W = 130.0
_FRIDGE_PERIOD_MIN = 42
_FRIDGE_ON_MIN = 15


class HouseLoad:
    """Power of the house by time."""

    def __init__(self, *, seed: int, longitude: float, mean_w: float) -> None:
        """``mean_w`` is the mean power over a day, W."""
        self._seed = seed
        self._offset_s = longitude / 15.0 * 3_600.0
        fridge = _FRIDGE_W * _FRIDGE_ON_MIN / _FRIDGE_PERIOD_MIN
        self._base_w = max(50.0, mean_w - fridge - _APPLIANCE_MEAN_W)
        self._tables: dict[int, list[float]] = {}

    def power_w(self, at_s: float) -> float:
        """Power at ``at_s`` (epoch seconds), W; it holds for the minute."""
        local = at_s + self._offset_s
        day = int(local // _DAY_S)
        table = self._tables.get(day)
        if table is None:
            if len(self._tables) > _KEPT_DAYS:
                self._tables.clear()
            table = self._tables[day] = self._table(day)
        return table[int((local - day * _DAY_S) // 60)]

    def _table(self, day: int) -> list[float]:
        draw = random.Random(f"{self._seed}/house/{day}")  # noqa: S311 - a load, not secrets
        table = []
        for minute in range(_MINUTES):
            hour, part = divmod(minute, 60)
            share = part / 60.0
            shape = _SHAPE[hour] * (1.0 - share) + _SHAPE[(hour + 1) % 24] * share
            fridge = _FRIDGE_W if minute % _FRIDGE_PERIOD_MIN < _FRIDGE_ON_MIN else 0.0
            table.append(max(40.0, self._base_w * shape * draw.gauss(1.0, 0.04) + fridge))
        for power, shortest, longest, first_hour, last_hour, times in _APPLIANCES:
            for _ in range(times):
                start = draw.randint(first_hour * 60, last_hour * 60)
                for minute in range(start, min(_MINUTES, start + draw.randint(shortest, longest))):
                    table[minute] += power
        return table
