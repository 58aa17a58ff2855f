"""Plausibility limits at the edge: impossible values are dropped, doubtful ones marked suspect."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from services.telemetry.records import Sample

S = TypeVar("S", bound=Sample)

PLANT_W = 100_000.0
"""Plant size assumed where none is configured, W."""

MARGIN = 1.5
"""Factor by which power may exceed the plant's size: cold arrays, surges, meters' errors."""

_COLDEST_C, _HOTTEST_C = -60.0, 150.0
_HIGHEST_V = 1_000.0
_HIGHEST_A = 5_000.0
_HIGHEST_WH = 1e12
_NEVER_NEGATIVE = frozenset({"pv_power_w"})
_NOISE_W = 50.0
"""A meter's noise around zero may reach this far below 0, W."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``plant_w`` is the size of the largest part of the plant (array, inverters, load), W."""

    plant_w: float = PLANT_W

    def of(self, metric: str) -> tuple[float, float, str] | None:
        """(lowest, highest, unit) of a metric; None for a metric without limits."""
        power_w = self.plant_w * MARGIN
        known = {
            "w": (-_NOISE_W if metric in _NEVER_NEGATIVE else -power_w, power_w, "W"),
            "pct": (0.0, 100.0, "%"),
            "c": (_COLDEST_C, _HOTTEST_C, "°C"),
            "v": (0.0, _HIGHEST_V, "V"),
            "a": (-_HIGHEST_A, _HIGHEST_A, "A"),
            "wh": (0.0, _HIGHEST_WH, "Wh"),
        }
        return known.get(metric.rpartition("_")[2])

    def possible(self, metric: str, value: float | None) -> float | None:
        """``value`` of a metric; None where it is impossible."""
        bounds = self.of(metric)
        if value is None or bounds is None:
            return value
        return value if bounds[0] <= value <= bounds[1] else None


ANY_PLANT = Limits()
"""Limits of a plant whose size is not configured."""


def plausible(sample: S, limits: Limits, *, doubt: str | None = None) -> S:
    """``sample`` without its impossible values, each with the reason in ``suspect``.

    ``doubt`` is a reason to doubt all values of the sample: they are kept and marked.
    """
    impossible: dict[str, str] = {}
    doubtful: dict[str, str] = {}
    for name, value in _numbers(sample).items():
        bounds = limits.of(name)
        if bounds is not None and not bounds[0] <= value <= bounds[1]:
            lowest, highest, unit = bounds
            impossible[name] = (
                f"{value:.6g} {unit} can't be: it is from {lowest:.6g} to {highest:.6g} {unit}"
            )
        elif doubt is not None:
            doubtful[name] = doubt
    if not impossible and not doubtful:
        return sample
    changes: dict[str, Any] = dict.fromkeys(impossible)
    changes["suspect"] = {**sample.suspect, **doubtful, **impossible}
    return replace(sample, **changes)


def _numbers(sample: S) -> dict[str, float]:
    """The sample's values that are present; a switch's state counts as a number."""
    values = {metric.name: getattr(sample, metric.name) for metric in fields(sample)}
    return {name: float(value) for name, value in values.items() if isinstance(value, int | float)}
