"""The home page: the site's state, and what was decided and why."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from server.auth import ChosenSite, Container, Reader
from server.web.rendering import page
from server.web.shell import shell_of

router = APIRouter()


@router.get("/")
async def home(services: Container, site: ChosenSite, who: Reader) -> Response:
    """The page with the values of this moment; scripts keep it live."""
    preferences = (await services.settings.preferences(site.id)).value
    return page(
        "home.html",
        shell=await shell_of(services, who, site, active="home"),
        now=await services.live.now(site.id),
        usual_v=(preferences.voltage_low, preferences.voltage_absorption),
    )
