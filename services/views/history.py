"""History: energies, extremes and runtimes over a span, and series, with the gaps named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from energy.energy_balance.rollup import (
    MAXIMUM_GAP_S,
    EnergyPeriod,
    combine,
    integrate,
    runtime,
    summarize,
)
from energy.site.loads import LoadKind
from services.clock import Clock
from services.errors import Invalid
from services.memory.ports import MemoryStore
from services.settings.ports import SettingsStore
from services.sites.ports import SiteStore
from services.sites.records import ControlledLoad
from services.telemetry.ports import TelemetryStore
from services.telemetry.records import LoadSample, RollupRow, Sample
from services.telemetry.rollup import DAILY, HOURLY, SamplesOfSite, period_of, switch_series
from services.views.history_shapes import (
    LoadOfSpan,
    MetricSeries,
    SpanCoverage,
    SpanStatistics,
    SpanTotals,
)

RAW_HOURS = 72.0
"""Up to this many hours are computed from raw samples, more from the hourly table."""

LONGEST_HOURS = 24.0 * 400

_UNITS = {"w": "W", "wh": "Wh", "v": "V", "a": "A", "c": "°C", "pct": "%", "s": "s"}


class History:
    """Statistics and series of the past. Energies are integrated from power, never taken from
    vendors' counters, which are rounded.
    """

    def __init__(
        self,
        *,
        sites: SiteStore,
        telemetry: TelemetryStore,
        settings: SettingsStore,
        memory: MemoryStore,
        clock: Clock,
    ) -> None:
        self._samples = SamplesOfSite(
            sites=sites, telemetry=telemetry, settings=settings, memory=memory
        )
        self._sites, self._telemetry, self._clock = sites, telemetry, clock

    async def statistics(self, system_id: UUID, hours: float) -> SpanStatistics:
        """Totals, peaks, extremes and runtimes of the last ``hours``.

        Keys carry their units (``pv_wh``, ``pv_peak_w``, ``voltage_v: {minimum, maximum, mean}``,
        ``soc_pct``, ``loads``); a value that was never measured is None. ``coverage`` says how much
        of the span has samples, ``note`` what that means for the numbers.

        Raises:
            Invalid: ``hours`` is not above 0 and at most 9 600.
        """
        if not 0 < hours <= LONGEST_HOURS:
            raise Invalid([("hours", f"must be above 0 and at most {LONGEST_HOURS:g}")])
        end = self._clock.now()
        start = end - timedelta(hours=hours)
        loads: list[LoadOfSpan] = []
        if hours <= RAW_HOURS:
            rows = await self._samples.rows(system_id, start, end)
            series = await self._samples.series(system_id, rows)
            period = summarize(series, start=start, end=end)
            loads = await self._loads(system_id, rows, start, end)
        else:
            stored = await self._telemetry.rollup(HOURLY, system_id, start=start, end=end)
            period = combine([period_of(row) for row in stored])
        return {
            "start_at": start.isoformat(),
            "end_at": end.isoformat(),
            **_totals(period),
            "loads": loads,
            **_coverage(period, (end - start).total_seconds()),
        }

    async def series(
        self,
        system_id: UUID,
        metric: str,
        start: datetime,
        end: datetime,
        step_s: float | None,
    ) -> MetricSeries:
        """One metric over [start, end): means of ``step_s`` buckets; raw points where that is None.

        A bucket without samples has the value None and is counted in ``missing_points``.

        Raises:
            Invalid: The metric is unknown, the span is empty, or the step is too small for it.
        """
        if not start < end:
            raise Invalid([("from", "must be before to")])
        points = await self._telemetry.series(
            system_id, metric, start=start, end=end, step_s=step_s
        )
        missing = sum(point.value is None for point in points)
        return {
            "metric": metric,
            "unit": _UNITS.get(metric.rpartition("_")[2], ""),
            "start_at": start.isoformat(),
            "end_at": end.isoformat(),
            "step_s": step_s,
            "points": [{"at": point.at.isoformat(), "value": point.value} for point in points],
            "missing_points": missing,
        }

    async def hourly(self, system_id: UUID, start: datetime, end: datetime) -> Sequence[RollupRow]:
        """Rolled-up hours that start within [start, end)."""
        return await self._telemetry.rollup(HOURLY, system_id, start=start, end=end)

    async def daily(self, system_id: UUID, start: datetime, end: datetime) -> Sequence[RollupRow]:
        """Rolled-up local days that start within [start, end)."""
        return await self._telemetry.rollup(DAILY, system_id, start=start, end=end)

    async def _loads(
        self, system_id: UUID, rows: Sequence[Sample], start: datetime, end: datetime
    ) -> list[LoadOfSpan]:
        samples = [row for row in rows if isinstance(row, LoadSample)]
        return [
            _load(load, [row for row in samples if row.device_id == load.id], start, end)
            for load in await self._sites.loads(system_id)
        ]


def _load(
    load: ControlledLoad, rows: Sequence[LoadSample], start: datetime, end: datetime
) -> LoadOfSpan:
    """Runtime and energy of one load; without a meter by its rated power, as ``energy_is`` says."""
    ran = runtime(switch_series(rows), start=start, end=end)
    used = integrate([(row.at, row.power_w) for row in rows], start=start, end=end)
    metered = load.has_meter and used.mean is not None
    rated_wh = load.rated_w * ran.on_s / 3_600
    return {
        "id": str(load.id),
        "name": load.name,
        "kind": LoadKind(load.kind).value,
        "runtime_h": round(ran.on_s / 3_600, 3),
        "starts": ran.starts,
        "energy_wh": used.positive_h if metered else rated_wh,
        "energy_is": "measured" if metered else "rated power × runtime",
        "missing_s": ran.missing_s,
    }


def _totals(period: EnergyPeriod) -> SpanTotals:
    return {
        "pv_wh": period.pv_wh,
        "load_wh": period.load_wh,
        "battery_charge_wh": period.battery_charge_wh,
        "battery_discharge_wh": period.battery_discharge_wh,
        "grid_import_wh": period.grid_import_wh,
        "grid_export_wh": period.grid_export_wh,
        "pv_peak_w": period.pv_peak_w,
        "load_peak_w": period.load_peak_w,
        "battery_charge_peak_w": period.battery_charge_peak_w,
        "battery_discharge_peak_w": period.battery_discharge_peak_w,
        "grid_import_peak_w": period.grid_import_peak_w,
        "pv_mean_w": _mean_w(period.pv_wh, period.covered_s),
        "load_mean_w": _mean_w(period.load_wh, period.covered_s),
        "voltage_v": {
            "minimum": period.voltage_min_v,
            "maximum": period.voltage_max_v,
            "mean": period.voltage_mean_v,
        },
        "soc_pct": {
            "minimum": period.soc_min_pct,
            "maximum": period.soc_max_pct,
            "mean": period.soc_mean_pct,
        },
        "self_consumption_pct": period.self_consumption_pct,
        "self_sufficiency_pct": period.self_sufficiency_pct,
        "miner_wh": period.miner_wh,
        "miner_runtime_h": period.miner_runtime_s / 3_600,
        "terahash_hours": period.terahash_hours,
    }


def _mean_w(energy_wh: float | None, covered_s: float) -> float | None:
    return None if energy_wh is None or covered_s <= 0 else energy_wh / covered_s * 3_600


def _coverage(period: EnergyPeriod, span_s: float) -> SpanCoverage:
    """How much of the span has samples; up to ``MAXIMUM_GAP_S`` missing gets no note."""
    power = min(period.covered_s / span_s, 1.0)
    battery = min(period.battery_covered_s / span_s, 1.0)
    missing_s = max(span_s - min(period.covered_s, period.battery_covered_s), 0.0)
    note = ""
    if period.covered_s <= 0 and period.battery_covered_s <= 0:
        note = "There are no samples in this span."
    elif missing_s > MAXIMUM_GAP_S:
        note = (
            f"Samples are missing for {missing_s / 3_600:.1f} of {span_s / 3_600:.1f} h: energies "
            "are too low by what was made and used in that time."
        )
    return {
        "coverage": {
            "power_pct": 100 * power,
            "battery_pct": 100 * battery,
            "missing_s": missing_s,
        },
        "note": note,
    }
