"""The live view."""

from __future__ import annotations

from fastapi import APIRouter

from server.auth import ChosenSite, Container, Reader
from server.described import DescribedRoute
from server.schemas.now import BatteryOfSite, HomeNow

router = APIRouter(tags=["now"], route_class=DescribedRoute)


@router.get("/home/now")
async def home_now(services: Container, site: ChosenSite, _: Reader) -> HomeNow:
    """The whole site: every value with its unit, age and source, the miners with their reasons."""
    live = await services.live.now(site.id)
    return HomeNow.model_validate({"system_id": str(site.id), "name": site.name, **live})


@router.get("/battery/now")
async def battery_now(services: Container, site: ChosenSite, _: Reader) -> BatteryOfSite:
    """The battery alone."""
    live = await services.live.now(site.id)
    return BatteryOfSite.model_validate(
        {"system_id": str(site.id), "at": live["at"], "battery": live["battery"]}
    )
