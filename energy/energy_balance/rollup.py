"""Energy, extremes and means out of samples; nothing is made up where samples are missing."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

MAXIMUM_GAP_S = 600.0
"""Samples further apart than this are not connected; the time between counts as missing, s."""

_HOUR_S = 3_600.0

TimedValues = Sequence[tuple[datetime, float | None]]
"""One metric of one device: (aware instant, value), by time; a value that is missing is None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Integral:
    """One metric over a span.

    Attributes:
        positive_h: Integral of the positive part, in the metric's unit × hours (Wh for a power).
        negative_h: Magnitude of the integral of the negative part, ≥ 0.
        mean: Mean over the covered time; the mean of the samples where no time is covered; None
            without samples.
        minimum: Lowest sample; None without samples.
        maximum: Highest sample.
        covered_s: Time between samples close enough to be connected, s.
        missing_s: The rest of the span, s.
    """

    positive_h: float
    negative_h: float
    mean: float | None
    minimum: float | None
    maximum: float | None
    covered_s: float
    missing_s: float


def integrate(
    points: TimedValues, *, start: datetime, end: datetime, maximum_gap_s: float = MAXIMUM_GAP_S
) -> Integral:
    """Integrate one series over [start, end) by trapezoids.

    Pass the samples up to ``maximum_gap_s`` before and after the span as well: the edges of the
    span are interpolated from them. The result does not depend on how the time is cut into spans.
    """
    known = _known(points)
    positive = negative = covered_s = 0.0
    for earlier, later in pairwise(known):
        area = _trapezoid(earlier, later, start, end, maximum_gap_s)
        positive, negative, covered_s = (
            positive + area[0],
            negative + area[1],
            covered_s + area[2],
        )
    inside = [value for at, value in known if start <= at < end]
    mean: float | None = None
    if covered_s > 0:
        mean = (positive - negative) / covered_s
    elif inside:
        mean = math.fsum(inside) / len(inside)
    return Integral(
        positive_h=positive / _HOUR_S,
        negative_h=negative / _HOUR_S,
        mean=mean,
        minimum=min(inside, default=None),
        maximum=max(inside, default=None),
        covered_s=covered_s,
        missing_s=max((end - start).total_seconds() - covered_s, 0.0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """How long a switch was on, s; how often it was seen to start; time without samples, s."""

    on_s: float
    starts: int
    missing_s: float


def runtime(
    points: TimedValues, *, start: datetime, end: datetime, maximum_gap_s: float = MAXIMUM_GAP_S
) -> Runtime:
    """How long a switch (1 on, 0 off) was on within [start, end).

    A state lasts until the next sample, if that comes within ``maximum_gap_s``.
    """
    on_s = covered_s = 0.0
    starts = 0
    for (since, value), (until, later) in pairwise(_known(points)):
        if (until - since).total_seconds() > maximum_gap_s:
            continue
        seconds = max((min(until, end) - max(since, start)).total_seconds(), 0.0)
        covered_s += seconds
        on_s += seconds if value > 0 else 0.0
        starts += 1 if value <= 0 < later and start <= until < end else 0
    missing_s = max((end - start).total_seconds() - covered_s, 0.0)
    return Runtime(on_s=on_s, starts=starts, missing_s=missing_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerSeries:
    """One miner's samples: switch (1 on, 0 off), power W, and what it hashes when on, TH/s."""

    switch: TimedValues = ()
    power: TimedValues = ()
    hashrate_ths: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSeries:
    """All samples of a site, one series per device. Powers W with the product's signs."""

    pv: tuple[TimedValues, ...] = ()
    load: tuple[TimedValues, ...] = ()
    battery: tuple[TimedValues, ...] = ()
    grid: tuple[TimedValues, ...] = ()
    voltage: tuple[TimedValues, ...] = ()
    soc: tuple[TimedValues, ...] = ()
    miners: tuple[MinerSeries, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyPeriod:
    """Totals, peaks and extremes of an hour, a day or any span.

    Energies Wh, powers W, voltages V; None where nothing was measured. ``missing_s`` is time
    without inverter samples, ``battery_missing_s`` without battery voltage; means are over the
    covered time.
    """

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
    voltage_min_v: float | None = None
    voltage_max_v: float | None = None
    voltage_mean_v: float | None = None
    soc_min_pct: float | None = None
    soc_max_pct: float | None = None
    soc_mean_pct: float | None = None
    covered_s: float = 0.0
    missing_s: float = 0.0
    battery_covered_s: float = 0.0
    battery_missing_s: float = 0.0
    miner_wh: float = 0.0
    miner_runtime_s: float = 0.0
    terahash_hours: float = 0.0

    @property
    def self_consumption_pct(self) -> float | None:
        """Share of the sun's energy that was not exported, %; None without sun."""
        if self.pv_wh is None or self.pv_wh <= 0:
            return None
        exported_wh = 0.0 if self.grid_export_wh is None else self.grid_export_wh
        return 100.0 * min(max(1.0 - exported_wh / self.pv_wh, 0.0), 1.0)

    @property
    def self_sufficiency_pct(self) -> float | None:
        """Share of the load's energy that was not imported, %; None without load."""
        if self.load_wh is None or self.load_wh <= 0:
            return None
        imported_wh = 0.0 if self.grid_import_wh is None else self.grid_import_wh
        return 100.0 * min(max(1.0 - imported_wh / self.load_wh, 0.0), 1.0)


def summarize(series: SiteSeries, *, start: datetime, end: datetime) -> EnergyPeriod:
    """Totals of [start, end), summed over devices; a device without samples adds to
    ``missing_s``.
    """
    pv, load = _Total.of(series.pv, start, end), _Total.of(series.load, start, end)
    battery, grid = _Total.of(series.battery, start, end), _Total.of(series.grid, start, end)
    voltage, soc = _Total.of(series.voltage, start, end), _Total.of(series.soc, start, end)
    on_s = [runtime(miner.switch, start=start, end=end).on_s for miner in series.miners]
    used = [integrate(miner.power, start=start, end=end).positive_h for miner in series.miners]
    hashed = [
        seconds / _HOUR_S * miner.hashrate_ths
        for seconds, miner in zip(on_s, series.miners, strict=True)
    ]
    return EnergyPeriod(
        pv_wh=pv.positive_h,
        load_wh=load.positive_h,
        battery_charge_wh=battery.positive_h,
        battery_discharge_wh=battery.negative_h,
        grid_import_wh=grid.positive_h,
        grid_export_wh=grid.negative_h,
        pv_peak_w=_at_least_zero(pv.highest),
        load_peak_w=_at_least_zero(load.highest),
        battery_charge_peak_w=_at_least_zero(battery.highest),
        battery_discharge_peak_w=_at_least_zero(
            None if battery.lowest is None else -battery.lowest
        ),
        grid_import_peak_w=_at_least_zero(grid.highest),
        voltage_min_v=voltage.minimum,
        voltage_max_v=voltage.maximum,
        voltage_mean_v=voltage.mean,
        soc_min_pct=soc.minimum,
        soc_max_pct=soc.maximum,
        soc_mean_pct=soc.mean,
        covered_s=min(pv.covered_s, load.covered_s),
        missing_s=max(pv.missing_s, load.missing_s),
        battery_covered_s=voltage.covered_s,
        battery_missing_s=voltage.missing_s,
        miner_wh=math.fsum(used),
        miner_runtime_s=math.fsum(on_s),
        terahash_hours=math.fsum(hashed),
    )


def combine(periods: Sequence[EnergyPeriod]) -> EnergyPeriod:
    """Several periods as one: energies and times added, extremes kept, means weighted by time."""
    values: dict[str, Any] = {
        field.name: _combined(field.name, [getattr(period, field.name) for period in periods])
        for field in fields(EnergyPeriod)
        if "_mean_" not in field.name
    }
    weights = [period.battery_covered_s for period in periods]
    means: dict[str, Any] = {
        name: _weighted([getattr(period, name) for period in periods], weights)
        for name in ("voltage_mean_v", "soc_mean_pct")
    }
    return EnergyPeriod(**values, **means)


def battery_cycles(period: EnergyPeriod, *, capacity_wh: float) -> float | None:
    """Equivalent full cycles: energy discharged ÷ capacity; None if the discharge was not
    measured.
    """
    if period.battery_discharge_wh is None:
        return None
    return period.battery_discharge_wh / capacity_wh


def hours_between(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Starts (in the given instants' zone) of all local hours that touch [start, end)."""
    hour = hour_start(start, zone)
    count = max(math.ceil((end - hour).total_seconds() / _HOUR_S), 0)
    return [hour + timedelta(hours=index) for index in range(count)]


def hour_start(at: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the local hour of ``at`` began, also in zones with half-hour offsets."""
    local = at.astimezone(zone)
    into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return at - into


def day_bounds(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end of the local day of ``at``, in the zone of ``at``: 23, 24 or 25 hours."""
    local = at.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    noon_after = midnight.replace(hour=12) + timedelta(days=1)
    following = noon_after.replace(hour=0)
    return midnight.astimezone(at.tzinfo), following.astimezone(at.tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Total:
    """Several devices' integrals of one metric: energies added, extremes and means over all."""

    positive_h: float | None
    negative_h: float | None
    highest: float | None
    lowest: float | None
    minimum: float | None
    maximum: float | None
    mean: float | None
    covered_s: float
    missing_s: float

    @classmethod
    def of(cls, devices: tuple[TimedValues, ...], start: datetime, end: datetime) -> _Total:
        parts = [integrate(points, start=start, end=end) for points in devices]
        known = [part for part in parts if part.mean is not None]
        sums = _sums(devices, start, end)
        span_s = (end - start).total_seconds()
        return cls(
            positive_h=math.fsum(part.positive_h for part in known) if known else None,
            negative_h=math.fsum(part.negative_h for part in known) if known else None,
            highest=max(sums, default=None),
            lowest=min(sums, default=None),
            minimum=min((p.minimum for p in parts if p.minimum is not None), default=None),
            maximum=max((p.maximum for p in parts if p.maximum is not None), default=None),
            mean=_weighted([part.mean for part in parts], [part.covered_s for part in parts]),
            covered_s=min((part.covered_s for part in parts), default=0.0),
            missing_s=max((part.missing_s for part in parts), default=span_s),
        )


def _known(points: TimedValues) -> list[tuple[datetime, float]]:
    return [(at, value) for at, value in points if value is not None and math.isfinite(value)]


def _trapezoid(
    earlier: tuple[datetime, float],
    later: tuple[datetime, float],
    start: datetime,
    end: datetime,
    maximum_gap_s: float,
) -> tuple[float, float, float]:
    """Positive area, magnitude of the negative area (unit × s) and seconds of one segment."""
    (left_at, left), (right_at, right) = earlier, later
    length_s = (right_at - left_at).total_seconds()
    begin_s = max((start - left_at).total_seconds(), 0.0)
    end_s = min((end - left_at).total_seconds(), length_s)
    if not 0 < length_s <= maximum_gap_s or end_s <= begin_s:
        return 0.0, 0.0, 0.0
    slope = (right - left) / length_s
    first, last, seconds = left + slope * begin_s, left + slope * end_s, end_s - begin_s
    if first * last >= 0:
        area = (first + last) / 2 * seconds
        return max(area, 0.0), max(-area, 0.0), seconds
    to_zero_s = seconds * first / (first - last)
    before, after = first / 2 * to_zero_s, last / 2 * (seconds - to_zero_s)
    return max(before, after), -min(before, after), seconds


def _sums(devices: tuple[TimedValues, ...], start: datetime, end: datetime) -> list[float]:
    """The devices' sum at the time of every sample in the span. Devices without a sample at that
    time are interpolated, or left out where they have none close enough.
    """
    known = [_known(points) for points in devices]
    if len(known) == 1:
        return [value for at, value in known[0] if start <= at < end]
    instants = sorted({at for points in known for at, _ in points if start <= at < end})
    sums: list[float] = []
    for at in instants:
        values = (_value_at(points, at) for points in known)
        sums.append(math.fsum(value for value in values if value is not None))
    return sums


def _value_at(points: list[tuple[datetime, float]], at: datetime) -> float | None:
    index = bisect_left(points, at, key=lambda point: point[0])
    if index < len(points) and points[index][0] == at:
        return points[index][1]
    if index in {0, len(points)}:
        return None
    (left_at, left), (right_at, right) = points[index - 1], points[index]
    length_s = (right_at - left_at).total_seconds()
    if length_s > MAXIMUM_GAP_S:
        return None
    return left + (right - left) * (at - left_at).total_seconds() / length_s


def _combined(name: str, values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if not known:
        return 0.0 if name.endswith(("_s", "miner_wh", "terahash_hours")) else None
    if "_min_" in name:
        return min(known)
    if "_max_" in name or "_peak_" in name:
        return max(known)
    return math.fsum(known)


def _weighted(values: Iterable[float | None], weights: Iterable[float]) -> float | None:
    known = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None]
    total = math.fsum(weight for _, weight in known)
    if total > 0:
        return math.fsum(value * weight for value, weight in known) / total
    if not known:
        return None
    return math.fsum(value for value, _ in known) / len(known)


def _at_least_zero(power_w: float | None) -> float | None:
    return None if power_w is None else max(power_w, 0.0)
