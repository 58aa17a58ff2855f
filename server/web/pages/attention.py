"""Parts of pages that scripts reload: what needs the owner, and one action's card."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from energy.site.display import display_of
from server.auth import ChosenSite, Container, Reader, ensure_visible
from server.web.attention import attention_of, card_of
from server.web.rendering import page
from services.accounts.records import Scope
from services.errors import NotFound

router = APIRouter()


@router.get("/attention")
async def attention(services: Container, site: ChosenSite, who: Reader) -> Response:
    """The section that stands first on the home page; its count is every page's badge."""
    preferences = (await services.settings.preferences(site.id)).value
    waiting = await attention_of(services, site.id, display_of(preferences))
    return page("attention.html", attention=waiting, may_control=who.may(Scope.CONTROL))


@router.get("/actions/{action_id}/card")
async def action_card(services: Container, who: Reader, action_id: UUID) -> Response:
    """One action as a card."""
    action = await services.action_store.get(action_id)
    if action is None:
        raise NotFound(kind="action", key=str(action_id))
    await ensure_visible(services, who, action.system_id, kind="action", key=action_id)
    card = await card_of(services, action)
    return page("action.html", action=card, may_control=who.may(Scope.CONTROL))
