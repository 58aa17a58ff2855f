"""Clouds: how much of the clear sky's power comes through, minute by minute.

A day is clear, broken or overcast. The plan names the first days; days after it are drawn by the
seed. A day is a day of local mean solar time, so its sun is in one piece.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from enum import StrEnum

_MINUTES = 1_440
_DAY_S = 86_400
_KEPT_DAYS = 8
_EVENING_S = 4 * 3_600.0


class DayKind(StrEnum):
    """Weather of one day."""

    CLEAR = "clear"
    BROKEN = "broken"
    OVERCAST = "overcast"


_KINDS = (DayKind.CLEAR, DayKind.BROKEN, DayKind.OVERCAST)
_WEIGHTS = (60, 25, 15)


class Clouds:
    """Transmittance 0…1.1 by time, a pure function of the seed and the plan."""

    def __init__(
        self, *, seed: int, longitude: float, first_s: float, plan: Sequence[str] = ()
    ) -> None:
        """Plan days from the one of ``first_s`` (epoch seconds) on; the seed draws the rest.

        An evening after sunset belongs to the day to come.

        Raises:
            ValueError: The plan names something else than ``clear``, ``broken``, ``overcast``.
        """
        self._seed = seed
        self._offset_s = longitude / 15.0 * 3_600.0
        self.first_day = self._day(first_s + _EVENING_S)
        self._plan = tuple(DayKind(kind) for kind in plan)
        self._tables: dict[int, list[float]] = {}

    def _day(self, at_s: float) -> int:
        return int((at_s + self._offset_s) // _DAY_S)

    def kind(self, at_s: float) -> DayKind:
        """Weather of the day of ``at_s`` (epoch seconds)."""
        return self._kind_of_day(self._day(at_s))

    def _kind_of_day(self, day: int) -> DayKind:
        index = day - self.first_day
        if 0 <= index < len(self._plan):
            return self._plan[index]
        draw = random.Random(f"{self._seed}/kind/{day}")  # noqa: S311 - weather, not secrets
        return draw.choices(_KINDS, _WEIGHTS)[0]

    def transmittance(self, at_s: float) -> float:
        """Share of the clear sky's power that comes through at ``at_s`` (epoch seconds)."""
        local = at_s + self._offset_s
        day = int(local // _DAY_S)
        table = self._tables.get(day)
        if table is None:
            if len(self._tables) > _KEPT_DAYS:
                self._tables.clear()
            table = self._tables[day] = self._table(day)
        position = (local - day * _DAY_S) / 60.0
        minute = int(position)
        share = position - minute
        return table[minute] * (1.0 - share) + table[minute + 1] * share

    def _table(self, day: int) -> list[float]:
        draw = random.Random(f"{self._seed}/clouds/{day}")  # noqa: S311 - weather, not secrets
        kind = self._kind_of_day(day)
        if kind is DayKind.CLEAR:
            return _drifting(draw, mean=0.985, swing=0.012, low=0.94, high=1.0)
        if kind is DayKind.OVERCAST:
            return _drifting(draw, mean=draw.uniform(0.12, 0.24), swing=0.03, low=0.06, high=0.38)
        return _broken(draw)


def _drifting(
    draw: random.Random, *, mean: float, swing: float, low: float, high: float
) -> list[float]:
    value, table = mean, []
    for _ in range(_MINUTES + 1):
        value += 0.03 * (mean - value) + draw.gauss(0.0, swing * 0.25)
        table.append(min(high, max(low, value)))
    return table


def _broken(draw: random.Random) -> list[float]:
    table: list[float] = []
    shaded = draw.choice((True, False))
    while len(table) <= _MINUTES:
        if shaded:
            length, level = draw.randint(1, 9), draw.uniform(0.22, 0.55)
        else:
            length, level = draw.randint(2, 14), draw.uniform(0.96, 1.06)
        table.extend(level + draw.gauss(0.0, 0.01) for _ in range(length))
        shaded = not shaded
    return table[: _MINUTES + 1]
