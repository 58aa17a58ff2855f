"""Health: every part, how it does, and what to do."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from server.auth import Container, Reader, Site
from server.web.rendering import page
from server.web.shell import shell_of

router = APIRouter()


@router.get("/health")
async def health(services: Container, site: Site, who: Reader) -> Response:
    """The components by their state, the worst first."""
    report = await services.health.report()
    rank = {"down": 0, "degraded": 1, "ok": 2}
    components = sorted(report["components"], key=lambda c: (rank.get(c["status"], 1), c["name"]))
    return page(
        "health.html",
        shell=await shell_of(services, who, site, active="health"),
        status=report["status"],
        components=components,
    )
