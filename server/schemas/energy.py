"""Energies: statistics, hours, days, series for charts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from energy.site.loads import LoadKind
from server.schemas.json_shapes import Instant, Shape


class Range(Shape):
    """Extremes and mean over the time that was measured."""

    minimum: float | None
    maximum: float | None
    mean: float | None


class LoadRuntime(Shape):
    """One load over the span."""

    id: str
    name: str
    kind: LoadKind
    runtime_h: float
    starts: int
    energy_wh: float
    energy_is: Literal["measured", "rated power × runtime"]
    missing_s: float


class Coverage(Shape):
    """How much of the span has samples."""

    power_pct: float
    battery_pct: float
    missing_s: float


class EnergyTotals(Shape):
    """Energies in Wh and powers in W; null where nothing was measured."""

    pv_wh: float | None = None
    load_wh: float | None = None
    battery_charge_wh: float | None = None
    battery_discharge_wh: float | None = None
    grid_import_wh: float | None = None
    grid_export_wh: float | None = None
    pv_peak_w: float | None = None
    load_peak_w: float | None = None
    battery_charge_peak_w: float | None = None
    battery_discharge_peak_w: float | None = None
    grid_import_peak_w: float | None = None
    miner_wh: float | None = None
    terahash_hours: float | None = None
    self_consumption_pct: float | None = None
    self_sufficiency_pct: float | None = None


class Statistics(EnergyTotals):
    """Totals, peaks and extremes of the last hours."""

    start_at: Instant
    end_at: Instant
    pv_mean_w: float | None
    load_mean_w: float | None
    voltage_v: Range
    soc_pct: Range
    miner_runtime_h: float
    loads: list[LoadRuntime]
    coverage: Coverage
    note: str = Field(description="What the coverage means for the numbers; empty when complete")


class EnergyHour(EnergyTotals):
    """One hour of the site's time."""

    system_id: UUID
    start_at: datetime
    voltage_min_v: float | None = None
    voltage_max_v: float | None = None
    voltage_mean_v: float | None = None
    soc_min_pct: float | None = None
    soc_max_pct: float | None = None
    soc_mean_pct: float | None = None
    covered_s: float | None = None
    missing_s: float | None = None
    battery_covered_s: float | None = None
    battery_missing_s: float | None = None
    miner_runtime_s: float | None = None


class EnergyDay(EnergyHour):
    """One local day."""

    battery_cycles: float | None = None


class SeriesColumns(Shape):
    """Columns for a chart: one list per metric beside ``at``, null where nothing was measured."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {"at": ["2026-06-21T12:00:00+00:00"], "pv_power_w": [8450.0]},
            ]
        },
    )

    __pydantic_extra__: dict[str, list[float | None]]

    at: list[Instant]
