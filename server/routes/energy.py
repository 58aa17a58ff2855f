"""Energy: newest values, statistics, hourly and daily sums, series for charts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from server.auth import ChosenSite, Container, Reader
from server.container import Services
from server.described import DescribedRoute
from server.schemas.energy import EnergyDay, EnergyHour, SeriesColumns, Statistics
from server.schemas.now import EnergyLatest
from services.errors import Invalid

router = APIRouter(prefix="/energy", tags=["energy"], route_class=DescribedRoute)
Start = Annotated[datetime | None, Query(alias="from", description="ISO 8601 with offset")]
End = Annotated[datetime | None, Query(alias="to", description="ISO 8601 with offset")]


@router.get("/latest")
async def latest(services: Container, site: ChosenSite, _: Reader) -> EnergyLatest:
    """The newest powers with their ages."""
    now = await services.live.now(site.id)
    return EnergyLatest.model_validate(
        {name: now[name] for name in ("at", "battery", "solar", "load", "grid")}
    )


@router.get("/stats")
async def stats(
    services: Container, site: ChosenSite, _: Reader, hours: Annotated[float, Query()] = 24.0
) -> Statistics:
    """Energies, peaks and extremes of the last hours."""
    return Statistics.model_validate(await services.history.statistics(site.id, hours))


@router.get("/hourly", response_model_exclude_unset=True)
async def hourly(
    services: Container, site: ChosenSite, _: Reader, start: Start = None, end: End = None
) -> list[EnergyHour]:
    """One row per hour over [from, to); the last day if left out."""
    first, last = _span(services, start, end, timedelta(days=1))
    return [
        EnergyHour.model_validate(row)
        for row in await services.history.hourly(site.id, first, last)
    ]


@router.get("/daily", response_model_exclude_unset=True)
async def daily(
    services: Container, site: ChosenSite, _: Reader, start: Start = None, end: End = None
) -> list[EnergyDay]:
    """One row per local day over [from, to); the last month if left out."""
    first, last = _span(services, start, end, timedelta(days=31))
    return [
        EnergyDay.model_validate(row) for row in await services.history.daily(site.id, first, last)
    ]


@router.get("/series")
async def series(
    services: Container,
    site: ChosenSite,
    _: Reader,
    metric: Annotated[list[str], Query(description="e.g. pv_power_w, battery.voltage_v")],
    start: Start = None,
    end: End = None,
    step_s: Annotated[float, Query(ge=1, le=86_400, allow_inf_nan=False)] = 300.0,
) -> SeriesColumns:
    """Columns for a chart: ``{at: […], <metric>: […]}``, None where nothing was measured."""
    first, last = _span(services, start, end, timedelta(days=1))
    times: list[str] = []
    columns: dict[str, list[float | None]] = {}
    for name in metric:
        series = await services.history.series(site.id, name, first, last, step_s)
        points = series["points"]
        times = times or [point["at"] for point in points]
        columns[name] = [point["value"] for point in points]
    return SeriesColumns.model_validate({"at": times, **columns})


def _span(
    services: Services, start: datetime | None, end: datetime | None, default: timedelta
) -> tuple[datetime, datetime]:
    last = services.clock.now() if end is None else end
    first = last - default if start is None else start
    naive = [name for name, at in (("from", first), ("to", last)) if at.tzinfo is None]
    if naive:
        raise Invalid([(name, "must have an offset, such as Z or -07:00") for name in naive])
    if first >= last:
        raise Invalid([("from", "must be before `to`")])
    return first, last
