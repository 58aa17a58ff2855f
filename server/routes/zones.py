"""The site's zones."""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from energy.site.loads import Zone
from server.auth import ChosenSite, Container, Operator, Reader
from server.container import Services
from server.described import DescribedRoute
from server.paging import Page, Paged, page_of
from server.routes.documents import Document, IfMatch, ensure_same_id, save_over, versioned
from server.schemas.documents import (
    changed,
    described_change,
    described_new,
    described_whole,
    made,
    replaced,
    shown,
)
from server.schemas.examples import ZONE
from server.schemas.problems import refused
from server.schemas.settings import StoredZone, stored_zone
from services.errors import NotFound
from services.stored import Stored

router = APIRouter(prefix="/hvac/zones", tags=["hvac"], route_class=DescribedRoute)
WHOLE = shown(Zone(id="10000000-0000-0000-0000-000000000001", **ZONE))


@router.get("")
async def list_zones(
    services: Container, site: ChosenSite, _: Reader, paging: Paged
) -> Page[StoredZone]:
    """All zones of the site."""
    zones = await services.settings.zones(site.id)
    return page_of([stored_zone(zone) for zone in zones], paging)


@router.post(
    "",
    status_code=201,
    response_model=StoredZone,
    responses=refused(409),
    openapi_extra=described_new(Zone, ZONE),
)
async def create_zone(
    services: Container, site: ChosenSite, who: Operator, document: Document
) -> JSONResponse:
    """Add a zone; its id is made here, and what is left out gets its default."""
    zone = made(Zone, document, new_id=str(uuid4()))
    saved = await services.settings.save_zone(site.id, zone, expected_version=None, actor=who.name)
    return versioned(saved, status=201, location=f"/api/hvac/zones/{zone.id}")


@router.get("/{zone_id}", response_model=StoredZone)
async def read_zone(
    services: Container, site: ChosenSite, _: Reader, zone_id: UUID
) -> JSONResponse:
    """One zone."""
    return versioned(await _stored(services, site.id, zone_id))


@router.put(
    "/{zone_id}",
    response_model=StoredZone,
    responses=refused(409),
    openapi_extra=described_whole(Zone, WHOLE),
)
async def replace_zone(
    services: Container,
    site: ChosenSite,
    who: Operator,
    zone_id: UUID,
    document: Document,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Replace a zone: every field has to be named; PATCH changes single ones."""
    stored = await _stored(services, site.id, zone_id)
    new = replaced(Zone, document, id=stored.value.id)
    return await _save(services, site.id, who.name, stored, new, if_match)


@router.patch(
    "/{zone_id}",
    response_model=StoredZone,
    responses=refused(409),
    openapi_extra=described_change(Zone, ZONE),
)
async def change_zone(
    services: Container,
    site: ChosenSite,
    who: Operator,
    zone_id: UUID,
    document: Document,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Change a zone. Fields that are left out keep their value."""
    stored = await _stored(services, site.id, zone_id)
    new = changed(stored.value, document)
    return await _save(services, site.id, who.name, stored, new, if_match)


@router.delete("/{zone_id}", status_code=204)
async def delete_zone(
    services: Container, site: ChosenSite, who: Operator, zone_id: UUID
) -> Response:
    """Remove a zone."""
    stored = await _stored(services, site.id, zone_id)
    await services.settings.delete_zone(site.id, stored.value.id, actor=who.name)
    return Response(status_code=204)


async def _save(
    services: Services,
    system_id: UUID,
    actor: str,
    stored: Stored[Zone],
    new: Zone,
    if_match: str | None,
) -> JSONResponse:
    ensure_same_id(new.id, stored.value.id)
    return await save_over(
        stored,
        if_match,
        lambda version: services.settings.save_zone(
            system_id, new, expected_version=version, actor=actor
        ),
    )


async def _stored(services: Services, system_id: UUID, zone_id: UUID) -> Stored[Zone]:
    for stored in await services.settings.zones(system_id):
        if stored.value.id == str(zone_id):
            return stored
    raise NotFound(kind="zone", key=str(zone_id))
