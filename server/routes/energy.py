"""Energy: newest values, statistics, hourly and daily sums, series for charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from server.auth import Container, Reader, Site
from server.container import Services
from services.errors import Invalid
from services.stored import Json

router = APIRouter(prefix="/energy", tags=["energy"])
Start = Annotated[datetime | None, Query(alias="from", description="ISO 8601 with offset")]
End = Annotated[datetime | None, Query(alias="to", description="ISO 8601 with offset")]


@router.get("/latest")
async def latest(services: Container, site: Site, _: Reader) -> Json:
    """The newest powers with their ages."""
    now = await services.live.now(site.id)
    return {name: now[name] for name in ("at", "battery", "solar", "load", "grid")}


@router.get("/stats")
async def stats(
    services: Container, site: Site, _: Reader, hours: Annotated[float, Query()] = 24.0
) -> Json:
    """Energies, peaks and extremes of the last hours."""
    return await services.history.statistics(site.id, hours)


@router.get("/hourly")
async def hourly(
    services: Container, site: Site, _: Reader, start: Start = None, end: End = None
) -> Sequence[Json]:
    """One row per hour over [from, to); the last day if left out."""
    first, last = _span(services, start, end, timedelta(days=1))
    return await services.history.hourly(site.id, first, last)


@router.get("/daily")
async def daily(
    services: Container, site: Site, _: Reader, start: Start = None, end: End = None
) -> Sequence[Json]:
    """One row per local day over [from, to); the last month if left out."""
    first, last = _span(services, start, end, timedelta(days=31))
    return await services.history.daily(site.id, first, last)


@router.get("/series")
async def series(
    services: Container,
    site: Site,
    _: Reader,
    metric: Annotated[list[str], Query(description="e.g. pv_power_w, battery.voltage_v")],
    start: Start = None,
    end: End = None,
    step_s: Annotated[float, Query(ge=1, le=86_400, allow_inf_nan=False)] = 300.0,
) -> Json:
    """Columns for a chart: ``{at: […], <metric>: […]}``, None where nothing was measured."""
    first, last = _span(services, start, end, timedelta(days=1))
    columns: Json = {}
    for name in metric:
        found = await services.history.series(site.id, name, first, last, step_s)
        points = found["points"]
        columns.setdefault("at", [point["at"] for point in points])
        columns[name] = [point["value"] for point in points]
    return columns


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
