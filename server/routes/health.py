"""Liveness, readiness and health of every component."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.responses import JSONResponse

from server.auth import Container, Reader
from server.described import DescribedRoute
from server.schemas.health import Alive, HealthReport, Readiness
from services.errors import CommandCenterError

READY_WITHIN_S = 2.0
"""A database that takes longer hangs, s."""

router = APIRouter(prefix="/health", tags=["health"], route_class=DescribedRoute)


@router.get(
    "",
    response_model=HealthReport,
    responses={503: {"model": HealthReport, "description": "The site is down"}},
)
async def health(services: Container, _: Reader) -> JSONResponse:
    """Every component with status, detail and advice; 503 when the site is down."""
    report = await services.health.report()
    return JSONResponse(report, status_code=503 if report["status"] == "down" else 200)


@router.get("/live")
async def live() -> Alive:
    """The process answers. Needs no sign-in."""
    return Alive()


@router.get(
    "/ready",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "The database does not answer"}},
)
async def ready(services: Container) -> JSONResponse:
    """The site can serve: its database answers. Needs no sign-in and tells nothing more."""
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            await services.sites.systems()
    except (CommandCenterError, TimeoutError):
        return JSONResponse({"status": "down"}, status_code=503)
    return JSONResponse({"status": "ok"})
