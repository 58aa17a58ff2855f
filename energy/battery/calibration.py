"""The battery's calibration curve and its rest voltage."""

from __future__ import annotations

from energy.site.preferences import Preferences

Points = tuple[tuple[float, float], ...]


def curve_points(preferences: Preferences) -> Points:
    """The calibration as (voltage V, SOC %) points, strictly increasing in both columns."""
    if preferences.voltage_curve is not None:
        return preferences.voltage_curve
    return (
        (preferences.voltage_at_0_percent, 0.0),
        (preferences.voltage_at_100_percent, 100.0),
    )


def soc_pct(voltage_v: float, preferences: Preferences) -> float:
    """State of charge at a rest voltage, %, clamped to 0…100.

    Used for display, alerts and the reserve; start and stop thresholds compare voltages.
    """
    return _interpolate(curve_points(preferences), voltage_v, source=0, target=1)


def voltage_v(soc_pct: float, preferences: Preferences) -> float:
    """Rest voltage at a state of charge, V: the inverse of ``soc_pct`` within 0…100 %."""
    return _interpolate(curve_points(preferences), soc_pct, source=1, target=0)


def rest_voltage_v(voltage_v: float, current_a: float | None, resistance_ohm: float) -> float:
    """Voltage compensated for the sag of the current: V − I·R with I positive when charging, V.

    Without a current the raw voltage stands in.
    """
    return voltage_v if current_a is None else voltage_v - current_a * resistance_ohm


def _interpolate(points: Points, value: float, *, source: int, target: int) -> float:
    if value <= points[0][source]:
        return points[0][target]
    if value >= points[-1][source]:
        return points[-1][target]
    right = 1
    while points[right][source] <= value:  # a curve has a handful of points
        right += 1
    low, high = points[right - 1], points[right]
    share = (value - low[source]) / (high[source] - low[source])
    return low[target] + share * (high[target] - low[target])
