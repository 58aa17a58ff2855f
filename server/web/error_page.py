"""A problem as a page for people."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from server.auth import identify, services_of, visible_systems
from server.web.links import SITE, sign_in_from
from server.web.rendering import page
from services.time_limit import within

LOOKED_UP_S = 1.0
"""Longest wait for the database when showing an error page, s: it may be what is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOfProblem:
    """The site that the STOP of such a page stops.

    Attributes:
        id: None where neither the address nor the database names one; STOP then stops the first
            site.
        name: Empty where the database does not answer.
    """

    id: UUID | None
    name: str = ""


async def error_page(request: Request, problem: JSONResponse) -> HTMLResponse:
    """What went wrong, in the words of the problem document."""
    document = json.loads(bytes(problem.body))
    return page(
        "error.html",
        status_code=problem.status_code,
        title=document.get("title", "Something went wrong"),
        detail=document.get("detail", ""),
        away=problem.status_code == HTTPStatus.SERVICE_UNAVAILABLE,
        sign_in=sign_in_from(request) if problem.status_code == HTTPStatus.UNAUTHORIZED else None,
        site=await _site(request),
    )


async def _site(request: Request) -> SiteOfProblem:
    """The site that the address names; the first one where it names none that may be seen."""
    named = _named(request)
    with suppress(Exception):  # the error that broke the page may occur here, too
        return await within(LOOKED_UP_S, _looked_up(request, named), what="The database")
    return SiteOfProblem(id=named)


async def _looked_up(request: Request, named: UUID | None) -> SiteOfProblem:
    services, identity = services_of(request), await identify(request)
    systems = [] if identity is None else await visible_systems(services, identity)
    chosen = [system for system in systems if system.id == named] or systems
    if not chosen:
        return SiteOfProblem(id=named)
    return SiteOfProblem(id=chosen[0].id, name=chosen[0].name)


def _named(request: Request) -> UUID | None:
    try:
        return UUID(request.query_params.get(SITE, ""))
    except ValueError:
        return None
