"""STOP without scripts: a page that asks for confirmation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from server.auth import ChosenSite, Container, PersonOrController
from server.schemas.control import DEFAULT_REASON, REASON_LENGTH
from server.web.links import HOME, of_site
from server.web.rendering import page

router = APIRouter()


@router.get("/stop")
async def ask(site: ChosenSite, _: PersonOrController) -> Response:
    """The page that asks for confirmation; opening it changes nothing."""
    return page("stop.html", site=site)


@router.post("/stop")
async def stop(
    services: Container,
    site: ChosenSite,
    who: PersonOrController,
    reason: Annotated[str, Form(max_length=REASON_LENGTH)] = "",
) -> Response:
    """Latch the emergency stop, then show the home page of the same site."""
    given = reason.replace("\x00", "").strip() or DEFAULT_REASON
    await services.emergency.latch(site.id, by=who.name, reason=given)
    return RedirectResponse(of_site(HOME, site.id), 303)
