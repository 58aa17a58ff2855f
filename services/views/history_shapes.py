"""The shapes of the history: plain JSON by name; energies Wh, powers W."""

from __future__ import annotations

from typing import TypedDict


class ValueRange(TypedDict):
    """Extremes and mean over the time that was measured."""

    minimum: float | None
    maximum: float | None
    mean: float | None


class LoadOfSpan(TypedDict):
    """One load over the span; ``energy_is`` says whether it was measured."""

    id: str
    name: str
    kind: str
    runtime_h: float
    starts: int
    energy_wh: float
    energy_is: str
    missing_s: float


class SpanShares(TypedDict):
    """How much of the span has samples."""

    power_pct: float
    battery_pct: float
    missing_s: float


class SpanCoverage(TypedDict):
    """How much of the span has samples, and in words."""

    coverage: SpanShares
    note: str


class SpanTotals(TypedDict):
    """Energies, peaks and extremes; None where nothing was measured."""

    pv_wh: float | None
    load_wh: float | None
    battery_charge_wh: float | None
    battery_discharge_wh: float | None
    grid_import_wh: float | None
    grid_export_wh: float | None
    pv_peak_w: float | None
    load_peak_w: float | None
    battery_charge_peak_w: float | None
    battery_discharge_peak_w: float | None
    grid_import_peak_w: float | None
    pv_mean_w: float | None
    load_mean_w: float | None
    voltage_v: ValueRange
    soc_pct: ValueRange
    self_consumption_pct: float | None
    self_sufficiency_pct: float | None
    miner_wh: float | None
    miner_runtime_h: float
    terahash_hours: float | None


class SpanStatistics(SpanTotals, SpanCoverage):
    """Statistics of the last hours, as JSON."""

    start_at: str
    end_at: str
    loads: list[LoadOfSpan]


class SeriesPoint(TypedDict):
    """One value, None where nothing was measured."""

    at: str
    value: float | None


class MetricSeries(TypedDict):
    """One metric over a span."""

    metric: str
    unit: str
    start_at: str
    end_at: str
    step_s: float | None
    points: list[SeriesPoint]
    missing_points: int
