"""Signing in by a one-time link: opening it changes nothing, its button signs in.

The link is opened separately from the page that was requested, so a cookie keeps that page's
address meanwhile.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from server.auth import Container, clear_session_cookie, cookie_name, set_session_cookie
from server.refusals import refusal
from server.web.links import inside
from server.web.rendering import page
from services.errors import CommandCenterError

router = APIRouter()
WANTED = "cc_wanted"
KEPT_S = 900
"""Life of that cookie, s: enough to get a link from a terminal."""
PATH = "/sign-in"
LONGEST = 500


@router.get(PATH)
async def explain(
    services: Container, wanted: Annotated[str | None, Query(alias="next")] = None
) -> Response:
    """How to get a link; ``next`` is where to go on with it."""
    response = page("sign_in.html", token=None, problem=None)
    if wanted is not None and len(wanted) <= LONGEST:
        response.set_cookie(
            WANTED,
            quote(inside(wanted)),
            max_age=KEPT_S,
            path=PATH,
            secure=services.config.secure_cookies,
            httponly=True,
            samesite="lax",
        )
    return response


@router.get("/sign-in/{token}")
async def confirm(token: str) -> Response:
    """The page with the button, so that mail scanners that open the link do not use it up."""
    return page("sign_in.html", token=token, problem=None)


@router.post("/sign-in/{token}")
async def sign_in(request: Request, services: Container, token: str) -> Response:
    """Use the link, open a session, and go to the page that was requested."""
    client = request.client.host if request.client is not None else "unknown"
    try:
        session = await services.accounts.sign_in_by_link(token, client=client)
    except CommandCenterError as error:
        status = refusal(error).status_code
        return page("sign_in.html", status_code=status, token=None, problem=str(error))
    response = RedirectResponse(inside(unquote(request.cookies.get(WANTED, ""))), 303)
    response.delete_cookie(WANTED, path=PATH)
    set_session_cookie(response, session, services.config)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, services: Container) -> Response:
    """End the session."""
    secret = request.cookies.get(cookie_name(services.config))
    if secret:
        await services.accounts.sign_out(secret)
    response = RedirectResponse("/sign-in", 303)
    clear_session_cookie(response, services.config)
    return response
