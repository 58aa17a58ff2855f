"""Health: every part, how it does, and what to do."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from energy.wording import duration
from server.auth import Container, Reader, Site
from server.web.rendering import page
from server.web.shell import shell_of
from services.stored import Json

router = APIRouter()


RANK = {"down": 0, "degraded": 1, "ok": 2}
GROUPS = (
    ("The program", frozenset({"store", "part", "model"})),
    ("Sources of measurements, and switches", frozenset({"source"})),
    ("Jobs", frozenset({"job"})),
)


@router.get("/health")
async def health(services: Container, site: Site, who: Reader) -> Response:
    """The parts in their groups, the worst first."""
    report = await services.health.report()
    return page(
        "health.html",
        shell=await shell_of(services, who, site, active="health"),
        status=report["status"],
        groups=[
            {"title": title, "parts": _parts(report["components"], kinds)}
            for title, kinds in GROUPS
        ],
    )


def _parts(components: list[Json], kinds: frozenset[str]) -> list[Json]:
    found = [each for each in components if each["kind"] in kinds]
    return [
        {**each, "age": None if each["age_s"] is None else duration(each["age_s"])}
        for each in sorted(found, key=lambda each: (RANK.get(each["status"], 1), each["name"]))
    ]
