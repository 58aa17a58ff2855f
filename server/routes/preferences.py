"""The owner's preferences of a site."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse

from energy.site.preferences import Preferences
from server.auth import ChosenSite, Container, Operator, Reader
from server.container import Services
from server.described import DescribedRoute
from server.routes.documents import Document, IfMatch, save_over, versioned
from server.schemas.documents import changed, described_change, described_whole, replaced, shown
from server.schemas.examples import PREFERENCES
from server.schemas.problems import refused
from server.schemas.settings import StoredPreferences
from server.schemas.shortened_addresses import with_whole
from services.accounts.accounts import Identity
from services.sites.records import System
from services.stored import Stored

router = APIRouter(tags=["preferences"], route_class=DescribedRoute)


@router.get("/preferences", response_model=StoredPreferences)
async def read_preferences(services: Container, site: ChosenSite, _: Reader) -> JSONResponse:
    """All preferences. The ETag is what a later PUT or PATCH names in ``If-Match``."""
    return versioned(await services.settings.preferences(site.id))


@router.put(
    "/preferences",
    response_model=StoredPreferences,
    responses=refused(409),
    openapi_extra=described_whole(Preferences, shown(Preferences())),
)
async def replace_preferences(
    services: Container,
    site: ChosenSite,
    who: Operator,
    document: Document,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Replace the preferences: every field has to be named; PATCH changes single ones."""
    stored = await services.settings.preferences(site.id)
    new = replaced(Preferences, with_whole(document, stored.value))
    return await _save(services, site, who, stored, new, if_match)


@router.patch(
    "/preferences",
    response_model=StoredPreferences,
    responses=refused(409),
    openapi_extra=described_change(Preferences, PREFERENCES),
)
async def change_preferences(
    services: Container,
    site: ChosenSite,
    who: Operator,
    document: Document,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Change preferences. Fields that are left out keep their value."""
    stored = await services.settings.preferences(site.id)
    new = changed(stored.value, with_whole(document, stored.value))
    return await _save(services, site, who, stored, new, if_match)


@router.post("/preferences/reset", response_model=StoredPreferences)
async def reset_preferences(services: Container, site: ChosenSite, who: Operator) -> JSONResponse:
    """Back to the defaults."""
    return versioned(await services.settings.reset_preferences(site.id, actor=who.name))


async def _save(
    services: Services,
    site: System,
    who: Identity,
    stored: Stored[Preferences],
    new: Preferences,
    if_match: str | None,
) -> JSONResponse:
    return await save_over(
        stored,
        if_match,
        lambda version: services.settings.save_preferences(
            site.id, new, expected_version=version, actor=who.name
        ),
    )
