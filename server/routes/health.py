"""Liveness, readiness and health of every component."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.responses import JSONResponse

from server.auth import Container, Reader
from services.errors import CommandCenterError
from services.stored import Json

READY_WITHIN_S = 2.0
"""A database that takes longer hangs, s."""

router = APIRouter(prefix="/health", tags=["health"])


@router.get("")
async def health(services: Container, _: Reader) -> JSONResponse:
    """Every component with status, detail and advice; 503 when the site is down."""
    report = await services.health.report()
    return JSONResponse(report, status_code=503 if report["status"] == "down" else 200)


@router.get("/live")
async def live() -> Json:
    """The process answers. Needs no sign-in."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(services: Container) -> JSONResponse:
    """The site can serve: its database answers. Needs no sign-in and tells nothing more."""
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            await services.sites.systems()
    except (CommandCenterError, TimeoutError):
        return JSONResponse({"status": "down"}, status_code=503)
    return JSONResponse({"status": "ok"})
