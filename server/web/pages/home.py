"""Home: what is going on and why, in one look."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from server.auth import Container, Reader, Site
from server.web.rendering import page
from server.web.shell import shell_of
from services.actions.records import ActionStatus

router = APIRouter()
PENDING = frozenset({ActionStatus.PENDING})


@router.get("/")
async def home(services: Container, site: Site, who: Reader) -> Response:
    """The page with the values of this moment; scripts keep it live."""
    now = await services.live.now(site.id)
    loads = {each["id"]: each["name"] for each in now.get("loads", [])}
    pending = await services.action_store.with_status(site.id, PENDING)
    return page(
        "home.html",
        shell=await shell_of(services, who, site, active="home"),
        now=now,
        pending=[
            {
                "id": str(action.id),
                "load": loads.get(str(action.load_id), "a load"),
                "target_on": action.target_on,
                "explanation": action.explanation,
                "by": action.requested_by,
                "expires_at": None if action.expires_at is None else action.expires_at.isoformat(),
            }
            for action in pending
        ],
        alerts=await services.alert_store.open(site.id),
    )
