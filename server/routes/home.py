"""What is true now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from server.auth import Container, Reader, Site
from server.examples import HOME_NOW
from services.stored import Json

router = APIRouter(tags=["now"])
NOW: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": HOME_NOW}}}
}


@router.get("/home/now", responses=NOW)
async def home_now(services: Container, site: Site, _: Reader) -> Json:
    """The whole site: every value with its unit, age and source, the miners with their reasons."""
    live = await services.live.now(site.id)
    return {"system_id": str(site.id), "name": site.name} | live


@router.get("/battery/now")
async def battery_now(services: Container, site: Site, _: Reader) -> Json:
    """The battery alone."""
    live = await services.live.now(site.id)
    return {"system_id": str(site.id), "at": live.get("at"), "battery": live["battery"]}
