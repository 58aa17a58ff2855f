"""The site's zones."""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from energy.site.loads import Zone
from server.auth import Container, Controller, Reader, Site
from server.container import Services
from server.entity_tags import expected_version
from server.paging import Page, Paged, page_of
from server.routes.documents import Document, IfMatch, described, listed, lost_update, versioned
from server.routes.documents import without_version as own_fields
from server.schemas.documents import changed, parsed
from services.errors import Conflict, Invalid, NotFound
from services.stored import Json, Stored

router = APIRouter(prefix="/hvac/zones", tags=["hvac"])
EXAMPLE: Json = {
    "name": "Heat Room",
    "temp_too_hot": 40,
    "temp_hot_ok": 35,
    "temp_cold_ok": 5,
    "temp_too_cold": 0,
}


@router.get("")
async def list_zones(services: Container, site: Site, _: Reader, paging: Paged) -> Page[Json]:
    """All zones of the site."""
    return page_of([listed(s) for s in await services.settings.zones(site.id)], paging)


@router.post(
    "",
    status_code=201,
    response_model=Zone,
    openapi_extra=described(Zone, EXAMPLE),
)
async def create_zone(
    services: Container, site: Site, who: Controller, document: Document
) -> JSONResponse:
    """Add a zone; its id is made here."""
    if "id" in document:
        raise Invalid([("id", "is made by the server; leave it out")])
    zone = parsed(Zone, own_fields(document) | {"id": str(uuid4())})
    saved = await services.settings.save_zone(site.id, zone, expected_version=None, actor=who.name)
    return versioned(saved, status=201, location=f"/api/hvac/zones/{zone.id}")


@router.get("/{zone_id}", response_model=Zone)
async def read_zone(services: Container, site: Site, _: Reader, zone_id: UUID) -> JSONResponse:
    """One zone."""
    return versioned(await _stored(services, site.id, zone_id))


@router.put("/{zone_id}", response_model=Zone, openapi_extra=described(Zone, EXAMPLE))
async def write_zone(
    services: Container,
    site: Site,
    who: Controller,
    zone_id: UUID,
    document: Document,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Change a zone. Fields that are left out keep their value."""
    expected = expected_version(if_match)
    stored = await _stored(services, site.id, zone_id)
    value = changed(stored.value, own_fields(document))
    if value.id != stored.value.id:
        raise Invalid([("id", "can't be changed")])
    try:
        saved = await services.settings.save_zone(
            site.id, value, expected_version=expected, actor=who.name
        )
    except Conflict as error:
        raise lost_update(error, if_match) from error
    return versioned(saved)


@router.delete("/{zone_id}", status_code=204)
async def delete_zone(services: Container, site: Site, who: Controller, zone_id: UUID) -> Response:
    """Remove a zone."""
    stored = await _stored(services, site.id, zone_id)
    await services.settings.delete_zone(site.id, stored.value.id, actor=who.name)
    return Response(status_code=204)


async def _stored(services: Services, system_id: UUID, zone_id: UUID) -> Stored[Zone]:
    for stored in await services.settings.zones(system_id):
        if stored.value.id == str(zone_id):
            return stored
    raise NotFound(kind="zone", key=str(zone_id))
