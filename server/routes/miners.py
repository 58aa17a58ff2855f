"""The site's miners."""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from energy.site.miners import MinerProfile
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
from server.schemas.examples import MINER
from server.schemas.problems import refused
from server.schemas.settings import StoredMiner, stored_miner
from services.errors import NotFound
from services.stored import Stored

router = APIRouter(prefix="/miners", tags=["miners"], route_class=DescribedRoute)
WHOLE = shown(MinerProfile(id="10000000-0000-0000-0000-000000000001", **MINER))


@router.get("")
async def list_miners(
    services: Container, site: ChosenSite, _: Reader, paging: Paged
) -> Page[StoredMiner]:
    """All miners of the site."""
    miners = await services.settings.miners(site.id)
    return page_of([stored_miner(miner) for miner in miners], paging)


@router.post(
    "",
    status_code=201,
    response_model=StoredMiner,
    responses=refused(409),
    openapi_extra=described_new(MinerProfile, MINER),
)
async def create_miner(
    services: Container, site: ChosenSite, who: Operator, document: Document
) -> JSONResponse:
    """Add a miner profile; its id is made here, and what is left out gets its default."""
    miner = made(MinerProfile, document, new_id=str(uuid4()))
    saved = await services.settings.save_miner(
        site.id, miner, expected_version=None, actor=who.name
    )
    return versioned(saved, status=201, location=f"/api/miners/{miner.id}")


@router.get("/{miner_id}", response_model=StoredMiner)
async def read_miner(
    services: Container, site: ChosenSite, _: Reader, miner_id: UUID
) -> JSONResponse:
    """One miner profile."""
    return versioned(await _stored(services, site.id, miner_id))


@router.put(
    "/{miner_id}",
    response_model=StoredMiner,
    responses=refused(409),
    openapi_extra=described_whole(MinerProfile, WHOLE),
)
async def replace_miner(
    services: Container,
    site: ChosenSite,
    who: Operator,
    miner_id: UUID,
    document: Document,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Replace a miner profile: every field has to be named; PATCH changes single ones."""
    stored = await _stored(services, site.id, miner_id)
    new = replaced(MinerProfile, document, id=stored.value.id)
    return await _save(services, site.id, who.name, stored, new, if_match)


@router.patch(
    "/{miner_id}",
    response_model=StoredMiner,
    responses=refused(409),
    openapi_extra=described_change(MinerProfile, MINER),
)
async def change_miner(
    services: Container,
    site: ChosenSite,
    who: Operator,
    miner_id: UUID,
    document: Document,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Change a miner profile. Fields that are left out keep their value."""
    stored = await _stored(services, site.id, miner_id)
    new = changed(stored.value, document)
    return await _save(services, site.id, who.name, stored, new, if_match)


@router.delete("/{miner_id}", status_code=204)
async def delete_miner(
    services: Container, site: ChosenSite, who: Operator, miner_id: UUID
) -> Response:
    """Remove a miner profile."""
    stored = await _stored(services, site.id, miner_id)
    await services.settings.delete_miner(site.id, stored.value.id, actor=who.name)
    return Response(status_code=204)


async def _save(
    services: Services,
    system_id: UUID,
    actor: str,
    stored: Stored[MinerProfile],
    new: MinerProfile,
    if_match: str | None,
) -> JSONResponse:
    ensure_same_id(new.id, stored.value.id)
    return await save_over(
        stored,
        if_match,
        lambda version: services.settings.save_miner(
            system_id, new, expected_version=version, actor=actor
        ),
    )


async def _stored(services: Services, system_id: UUID, miner_id: UUID) -> Stored[MinerProfile]:
    for stored in await services.settings.miners(system_id):
        if stored.value.id == str(miner_id):
            return stored
    raise NotFound(kind="miner profile", key=str(miner_id))
