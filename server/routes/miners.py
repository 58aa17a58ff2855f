"""The site's miners."""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from energy.site.miners import MinerProfile
from server.auth import Container, Controller, Reader, Site
from server.container import Services
from server.entity_tags import expected_version
from server.paging import Page, Paged, page_of
from server.routes.documents import Document, IfMatch, described, listed, lost_update, versioned
from server.routes.documents import without_version as own_fields
from server.schemas.documents import changed, parsed
from services.errors import Conflict, Invalid, NotFound
from services.stored import Json, Stored

router = APIRouter(prefix="/miners", tags=["miners"])
EXAMPLE: Json = {
    "name": "Dump Load S19 #1",
    "power_draw_watts": 3250,
    "priority_level": 3,
    "start_voltage": 54.5,
    "stop_voltage": 53.0,
    "emergency_stop_voltage": 50.0,
}


@router.get("")
async def list_miners(services: Container, site: Site, _: Reader, paging: Paged) -> Page[Json]:
    """All miners of the site."""
    return page_of([listed(s) for s in await services.settings.miners(site.id)], paging)


@router.post(
    "",
    status_code=201,
    response_model=MinerProfile,
    openapi_extra=described(MinerProfile, EXAMPLE),
)
async def create_miner(
    services: Container, site: Site, who: Controller, document: Document
) -> JSONResponse:
    """Add a miner profile; its id is made here."""
    if "id" in document:
        raise Invalid([("id", "is made by the server; leave it out")])
    miner = parsed(MinerProfile, own_fields(document) | {"id": str(uuid4())})
    saved = await services.settings.save_miner(
        site.id, miner, expected_version=None, actor=who.name
    )
    return versioned(saved, status=201, location=f"/api/miners/{miner.id}")


@router.get("/{miner_id}", response_model=MinerProfile)
async def read_miner(services: Container, site: Site, _: Reader, miner_id: UUID) -> JSONResponse:
    """One miner profile."""
    return versioned(await _stored(services, site.id, miner_id))


@router.put(
    "/{miner_id}", response_model=MinerProfile, openapi_extra=described(MinerProfile, EXAMPLE)
)
async def write_miner(
    services: Container,
    site: Site,
    who: Controller,
    miner_id: UUID,
    document: Document,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Change a miner profile. Fields that are left out keep their value."""
    expected = expected_version(if_match)
    stored = await _stored(services, site.id, miner_id)
    value = changed(stored.value, own_fields(document))
    if value.id != stored.value.id:
        raise Invalid([("id", "can't be changed")])
    try:
        saved = await services.settings.save_miner(
            site.id, value, expected_version=expected, actor=who.name
        )
    except Conflict as error:
        raise lost_update(error, if_match) from error
    return versioned(saved)


@router.delete("/{miner_id}", status_code=204)
async def delete_miner(
    services: Container, site: Site, who: Controller, miner_id: UUID
) -> Response:
    """Remove a miner profile."""
    stored = await _stored(services, site.id, miner_id)
    await services.settings.delete_miner(site.id, stored.value.id, actor=who.name)
    return Response(status_code=204)


async def _stored(services: Services, system_id: UUID, miner_id: UUID) -> Stored[MinerProfile]:
    for stored in await services.settings.miners(system_id):
        if stored.value.id == str(miner_id):
            return stored
    raise NotFound(kind="miner profile", key=str(miner_id))
