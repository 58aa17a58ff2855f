"""The owner's preferences of a site."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse

from energy.site.preferences import Preferences
from server.auth import Container, Controller, Reader, Site
from server.entity_tags import expected_version
from server.routes.documents import Document, IfMatch, described, lost_update, versioned
from server.routes.documents import without_version as own_fields
from server.schemas.documents import changed
from services.errors import Conflict

router = APIRouter(tags=["preferences"])
EXAMPLE = {"operating_mode": "balanced", "voltage_low": 47.0, "control_level": "automatic"}


@router.get("/preferences", response_model=Preferences)
async def read_preferences(services: Container, site: Site, _: Reader) -> JSONResponse:
    """All preferences. The ETag is what a later PUT names in ``If-Match``."""
    return versioned(await services.settings.preferences(site.id))


@router.put(
    "/preferences",
    response_model=Preferences,
    openapi_extra=described(Preferences, EXAMPLE),
)
async def write_preferences(
    services: Container, site: Site, who: Controller, document: Document, if_match: IfMatch = None
) -> JSONResponse:
    """Change preferences. Fields that are left out keep their value."""
    expected = expected_version(if_match)
    stored = await services.settings.preferences(site.id)
    value = changed(stored.value, own_fields(document))
    try:
        saved = await services.settings.save_preferences(
            site.id, value, expected_version=expected, actor=who.name
        )
    except Conflict as error:
        raise lost_update(error, if_match) from error
    return versioned(saved)


@router.post("/preferences/reset", response_model=Preferences)
async def reset_preferences(services: Container, site: Site, who: Controller) -> JSONResponse:
    """Back to the defaults."""
    return versioned(await services.settings.reset_preferences(site.id, actor=who.name))
