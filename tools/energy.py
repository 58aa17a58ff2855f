"""Production, load and grid: now, over hours, and as a series."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NotRequired, TypedDict
from zoneinfo import ZoneInfo

from pydantic import Field

from services.views.history_shapes import MetricSeries
from tools.services import ToolScope, ToolServices
from tools.tool import Arguments, Document, NoArguments, Tool

MAX_POINTS = 48
"""Most points of a series for a model; its statistics are of the same buckets."""


class Metric(StrEnum):
    """Metrics available as a series; the unit is in the name."""

    PV_POWER = "pv_power_w"
    LOAD_POWER = "load_power_w"
    BATTERY_POWER = "battery_power_w"
    GRID_POWER = "grid_power_w"
    VOLTAGE = "voltage_v"
    CURRENT = "current_a"
    SOC = "soc_pct"
    TEMPERATURE = "temperature_c"


UNITS = {"w": "W", "v": "V", "a": "A", "pct": "%", "c": "°C"}


class Extreme(TypedDict):
    """A value of a series with its time."""

    value: float
    at: str


class SeriesSummary(TypedDict):
    """One metric over hours; without samples only a ``note``."""

    metric: str
    unit: str
    hours: float
    step_s: int
    note: NotRequired[str]
    minimum: NotRequired[Extreme]
    maximum: NotRequired[Extreme]
    mean: NotRequired[float]
    latest: NotRequired[Extreme]
    points: NotRequired[list[tuple[str, float]]]


class Hours(Arguments):
    """How far back."""

    hours: float = Field(default=24, ge=1, le=720, description="hours back from now, 1 to 720")


class SeriesOf(Arguments):
    """Which series."""

    metric: Metric = Field(description=", ".join(Metric))
    hours: float = Field(default=24, ge=1, le=168, description="hours back from now, 1 to 168")


def energy_status(services: ToolServices, scope: ToolScope) -> Tool[NoArguments]:
    """Solar, load, grid and battery power now."""

    async def handler(_: NoArguments) -> Document:
        now = await services.live.now(scope.system_id)
        kept = ("solar", "load", "grid", "battery", "control_level", "emergency_stop")
        miners = [
            {"name": miner["name"], "is_on": miner["is_on"], "power": miner["power"]}
            for miner in now["miners"]
        ]
        return {"as_of": _local(services, scope), **_pick(now, kept), "miners": miners}

    return Tool(
        name="energy_status",
        description="Now: solar, house load, grid, battery and miners' power, each with its age.",
        arguments=NoArguments,
        handler=handler,
        doing="reading the site's power now",
    )


def energy_history(services: ToolServices, scope: ToolScope) -> Tool[Hours]:
    """Energies and extremes over hours."""

    async def handler(asked: Hours) -> Document:
        totals = await services.history.statistics(scope.system_id, asked.hours)
        loads = [
            _pick(load, ("name", "runtime_h", "starts", "energy_wh")) for load in totals["loads"]
        ]
        hidden = {"start_at", "end_at", "loads"}
        kept = {key: value for key, value in totals.items() if key not in hidden}
        by_load = {"loads": loads} if loads else {}
        return {"as_of": _local(services, scope), "hours": asked.hours, **kept, **by_load}

    return Tool(
        name="energy_history",
        description="Energy, mean and peak power of solar, load, grid, battery over past hours.",
        arguments=Hours,
        handler=handler,
        doing="reading energy history, {hours} h",
    )


def time_series(services: ToolServices, scope: ToolScope) -> Tool[SeriesOf]:
    """One metric over time, thinned, with its extremes."""

    async def handler(asked: SeriesOf) -> Document:
        return {**await series_summary(services, scope, asked.metric, asked.hours)}

    return Tool(
        name="time_series",
        description="One metric over past hours: points, lowest, highest (with times), mean.",
        arguments=SeriesOf,
        handler=handler,
        doing="reading {metric}, {hours} h",
    )


async def series_summary(
    services: ToolServices,
    scope: ToolScope,
    metric: Metric,
    hours: float,
    *,
    points: int = MAX_POINTS,
) -> SeriesSummary:
    """The series in at most ``points`` buckets with minimum, maximum, mean, latest; local times."""
    end = services.clock.now()
    start = end - timedelta(hours=hours)
    step_s = max(300.0, hours * 3600 / points)
    series = await services.history.series(
        scope.system_id, metric.value, start=start, end=end, step_s=step_s
    )
    known = [(at, value) for at, value in _points(series) if value is not None]
    zone = ZoneInfo(scope.timezone)
    unit = UNITS[metric.value.rpartition("_")[2]]
    head: SeriesSummary = {
        "metric": metric.value,
        "unit": unit,
        "hours": hours,
        "step_s": round(step_s),
    }
    if not known:
        return {**head, "note": "no samples in this span"}
    return {
        **head,
        "minimum": _extreme(min(known, key=lambda point: point[1]), zone),
        "maximum": _extreme(max(known, key=lambda point: point[1]), zone),
        "mean": sum(value for _, value in known) / len(known),
        "latest": _extreme(known[-1], zone),
        "points": [(f"{at.astimezone(zone):%d %H:%M}", value) for at, value in known],
    }


def _points(series: MetricSeries) -> list[tuple[datetime, float | None]]:
    return [(datetime.fromisoformat(point["at"]), point["value"]) for point in series["points"]]


def _extreme(point: tuple[datetime, float], zone: ZoneInfo) -> Extreme:
    return {"value": point[1], "at": point[0].astimezone(zone).isoformat(timespec="minutes")}


def _pick(source: Mapping[str, object], keys: tuple[str, ...]) -> Document:
    return {key: source[key] for key in keys if source.get(key) is not None}


def _local(services: ToolServices, scope: ToolScope) -> str:
    zone = ZoneInfo(scope.timezone)
    return services.clock.now().astimezone(zone).isoformat(timespec="seconds")
