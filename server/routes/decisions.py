"""Stored decisions, what-if, and replay."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body
from pydantic import JsonValue

from server.auth import ChosenSite, Container, Reader, ensure_visible
from server.described import DescribedRoute
from server.paging import Page, Paged, page_by_time
from server.schemas.control import DecisionSummary, DecisionView, ReplayRequest
from server.schemas.decisions import ReplayAnswer, WhatIfAnswer
from server.schemas.examples import ALLOCATE
from server.schemas.problems import refused
from services.errors import NotFound

router = APIRouter(tags=["control"], route_class=DescribedRoute)
Overrides = Annotated[dict[str, JsonValue], Body(openapi_examples={"worked": {"value": ALLOCATE}})]


@router.post("/allocate")
async def allocate(
    services: Container, site: ChosenSite, _: Reader, document: Overrides
) -> WhatIfAnswer:
    """What the allocator would decide, without any effect. Values that are left out are the
    site's.
    """
    return WhatIfAnswer.of(await services.what_if.allocate(site.id, document))


@router.get("/decisions")
async def list_decisions(
    services: Container, site: ChosenSite, _: Reader, paging: Paged
) -> Page[DecisionSummary]:
    """Decisions, newest first."""
    return await page_by_time(
        paging,
        lambda before, limit: services.decisions.page(site.id, before=before, limit=limit),
        time_of=lambda record: record.at,
        show=DecisionSummary.of,
        total=await services.decisions.count(site.id),
    )


@router.get("/decisions/{decision_id}")
async def read_decision(services: Container, who: Reader, decision_id: UUID) -> DecisionView:
    """One decision with its explanation and inputs."""
    record = await services.decisions.get(decision_id)
    if record is None:
        raise NotFound(kind="decision", key=str(decision_id))
    await ensure_visible(services, who, record.system_id, kind="decision", key=decision_id)
    return DecisionView.whole(record)


@router.post("/decisions/replay", responses=refused(404))
async def replay_decision(services: Container, who: Reader, body: ReplayRequest) -> ReplayAnswer:
    """Repeat a stored decision from its inputs and compare."""
    await read_decision(services, who, body.decision_id)
    return ReplayAnswer.of(await services.what_if.replay(body.decision_id))
