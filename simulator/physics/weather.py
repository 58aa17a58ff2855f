"""Outside temperature: a yearly and a daily wave and the day's own deviation."""

from __future__ import annotations

import math
import random

_DAY_S = 86_400.0
_KEPT_DAYS = 64
_YEAR_S = 365.2425 * _DAY_S


class OutsideAir:
    """Temperature of the air at the site."""

    def __init__(
        self,
        *,
        seed: int,
        longitude: float,
        mean_c: float = 16.0,
        yearly_swing_c: float = 6.0,
        daily_swing_c: float = 6.5,
    ) -> None:
        """Mean of the year and half the swings over a year and a day, °C."""
        self._seed = seed
        self._offset_s = longitude / 15.0 * 3_600.0
        self._mean_c, self._yearly_c, self._daily_c = mean_c, yearly_swing_c, daily_swing_c
        self._deviations: dict[int, float] = {}

    def temperature_c(self, at_s: float) -> float:
        """Temperature at ``at_s`` (epoch seconds), °C: warmest in mid-July and at 15 h."""
        local = at_s + self._offset_s
        year = math.cos(2.0 * math.pi * (local / _YEAR_S - 0.54))
        day = math.cos(2.0 * math.pi * (local / _DAY_S - 15.0 / 24.0))
        position = local / _DAY_S
        index = int(position // 1)
        share = position - index
        deviation = self._deviation(index) * (1.0 - share) + self._deviation(index + 1) * share
        return self._mean_c + self._yearly_c * year + self._daily_c * day + deviation

    def _deviation(self, day: int) -> float:
        value = self._deviations.get(day)
        if value is None:
            if len(self._deviations) > _KEPT_DAYS:
                self._deviations.clear()
            draw = random.Random(f"{self._seed}/air/{day}")  # noqa: S311 - weather, not secrets
            value = self._deviations[day] = draw.gauss(0.0, 1.8)
        return value
