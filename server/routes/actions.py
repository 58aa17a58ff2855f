"""Actions: the log, switching by hand, approval and rejection."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from energy.site.loads import Actor
from server.auth import ChosenSite, Container, Operator, Reader, ensure_visible
from server.container import Services
from server.described import DescribedRoute
from server.paging import Page, Paged, page_by_time
from server.schemas.control import ActionView, NewAction
from server.schemas.problems import refused
from services.accounts.accounts import Identity
from services.actions.records import Action, SwitchProposal
from services.errors import NotFound

router = APIRouter(prefix="/actions", tags=["control"], route_class=DescribedRoute)


@router.get("")
async def list_actions(
    services: Container,
    site: ChosenSite,
    _: Reader,
    paging: Paged,
    load_id: Annotated[UUID | None, Query(description="Only this load's")] = None,
) -> Page[ActionView]:
    """The log, newest first."""
    names = await load_names(services, site.id)
    return await page_by_time(
        paging,
        lambda before, limit: services.action_store.page(
            site.id, before=before, limit=limit, load_id=load_id
        ),
        time_of=lambda action: action.created_at,
        show=lambda action: ActionView.of(action, load_name=names.get(action.load_id)),
        total=await services.action_store.count(site.id, load_id=load_id),
    )


@router.post("", status_code=201, responses=refused(409))
async def create_action(
    services: Container, site: ChosenSite, who: Operator, body: NewAction
) -> ActionView:
    """Switch a load by hand: checked like everything else, then executed and verified."""
    if body.load_id not in await load_names(services, site.id):
        raise NotFound(kind="load", key=str(body.load_id))
    verb = "on" if body.target_on else "off"
    proposal = SwitchProposal(
        load_id=body.load_id,
        target_on=body.target_on,
        actor=Actor.OWNER,
        requested_by=who.name,
        reason="manual",
        explanation=body.explanation or f"Switched {verb} by {who.name}.",
    )
    return await _view(services, await services.proposals.propose(site.id, proposal))


@router.get("/{action_id}")
async def read_action(services: Container, who: Reader, action_id: UUID) -> ActionView:
    """One action with every change of its state."""
    return await _view(services, await _visible(services, who, action_id))


@router.post("/{action_id}/approve", responses=refused(409))
async def approve_action(services: Container, who: Operator, action_id: UUID) -> ActionView:
    """Approve a pending action. 409 without effect where it is not pending any more."""
    await _visible(services, who, action_id)
    return await _view(services, await services.proposals.approve(action_id, by=who.name))


@router.post("/{action_id}/reject", responses=refused(409))
async def reject_action(services: Container, who: Operator, action_id: UUID) -> ActionView:
    """Reject a pending action."""
    await _visible(services, who, action_id)
    return await _view(services, await services.proposals.reject(action_id, by=who.name))


async def load_names(services: Services, system_id: UUID) -> dict[UUID, str]:
    """The site's loads by id."""
    return {load.id: load.name for load in await services.sites.loads(system_id)}


async def _visible(services: Services, who: Identity, action_id: UUID) -> Action:
    action = await services.action_store.get(action_id)
    if action is None:
        raise NotFound(kind="action", key=str(action_id))
    await ensure_visible(services, who, action.system_id, kind="action", key=action_id)
    return action


async def _view(services: Services, action: Action) -> ActionView:
    names = await load_names(services, action.system_id)
    events = await services.action_store.events(action.id)
    return ActionView.of(action, load_name=names.get(action.load_id), events=list(events))
