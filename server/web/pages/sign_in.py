"""Signing in by a one-time link: looking at it changes nothing, its button does."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from server.auth import Container, clear_session_cookie, cookie_name, set_session_cookie
from server.refusals import refusal
from server.web.rendering import page
from services.errors import CommandCenterError

router = APIRouter()


@router.get("/sign-in")
async def explain() -> Response:
    """How to get a link."""
    return page("sign_in.html", token=None, problem=None)


@router.get("/sign-in/{token}")
async def confirm(token: str) -> Response:
    """The button; mail scanners that open the link use nothing up."""
    return page("sign_in.html", token=token, problem=None)


@router.post("/sign-in/{token}")
async def sign_in(request: Request, services: Container, token: str) -> Response:
    """Use the link up and open a session."""
    client = request.client.host if request.client is not None else "unknown"
    try:
        session = await services.accounts.sign_in_by_link(token, client=client)
    except CommandCenterError as error:
        status = refusal(error).status_code
        return page("sign_in.html", status_code=status, token=None, problem=str(error))
    response = RedirectResponse("/", 303)
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
