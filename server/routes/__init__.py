"""The JSON API, one file per area."""

from __future__ import annotations

from fastapi import APIRouter

from server.routes import (
    accounts,
    actions,
    alerts,
    assistant,
    battery,
    conversations,
    decisions,
    emergency_stop,
    energy,
    health,
    home,
    live,
    metrics,
    miners,
    preferences,
    zones,
)

AREAS = (
    accounts,
    preferences,
    miners,
    zones,
    battery,
    home,
    energy,
    decisions,
    actions,
    emergency_stop,
    alerts,
    assistant,
    conversations,
    health,
    metrics,
    live,
)


def api_router() -> APIRouter:
    """All areas under ``/api``."""
    router = APIRouter(prefix="/api")
    for area in AREAS:
        router.include_router(area.router)
    return router
