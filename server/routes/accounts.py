"""Signing in and out, people, machine tokens."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Request
from starlette.responses import JSONResponse, Response

from server.auth import (
    Admin,
    Container,
    Reader,
    clear_session_cookie,
    cookie_name,
    set_session_cookie,
)
from server.described import DescribedRoute
from server.paging import Page, Paged, page_of
from server.schemas.people import (
    CreatedToken,
    CreatedUser,
    Login,
    NewTokenRequest,
    NewUser,
    Session,
    TokenView,
    UserView,
)
from server.schemas.problems import refused
from services.accounts.records import Scope
from services.accounts.rights import rights
from services.errors import Forbidden, Invalid

router = APIRouter(tags=["accounts"], route_class=DescribedRoute)


def client_of(request: Request) -> str:
    """The key by which sign-in attempts are counted."""
    return "unknown" if request.client is None else f"client {request.client.host}"


@router.post("/auth/login", response_model=Session, responses=refused(401, 429))
async def login(services: Container, request: Request, body: Login) -> JSONResponse:
    """Open a session; the answer sets its cookie."""
    if body.link is not None:
        opened = await services.accounts.sign_in_by_link(body.link, client=client_of(request))
    elif body.email is not None and body.password is not None:
        opened = await services.accounts.sign_in_by_password(
            body.email, body.password, client=client_of(request)
        )
    else:
        raise Invalid([("", "give either link, or email and password")])
    session = Session(
        user=UserView.of(opened.user),
        scope=rights(opened.user.role),
        expires_at=opened.expires_at,
    )
    response = JSONResponse(session.model_dump(mode="json"))
    set_session_cookie(response, opened, services.config)
    return response


@router.post("/auth/logout", status_code=204)
async def logout(services: Container, request: Request) -> Response:
    """End the session; without one nothing happens."""
    secret = request.cookies.get(cookie_name(services.config))
    if secret:
        await services.accounts.sign_out(secret)
    response = Response(status_code=204)
    clear_session_cookie(response, services.config)
    return response


@router.get("/auth/session")
async def session_now(who: Reader) -> Session:
    """Who is signed in."""
    return Session(user=UserView.of(who.user), scope=who.scope)


@router.get("/users")
async def list_users(services: Container, _: Admin, paging: Paged) -> Page[UserView]:
    """All users by e-mail."""
    return page_of([UserView.of(user) for user in await services.accounts.users()], paging)


@router.post("/users", status_code=201, responses=refused(409))
async def create_user(services: Container, _: Admin, body: NewUser) -> CreatedUser:
    """Add a person. The answer holds a sign-in link to hand over."""
    user = await services.accounts.create_user(
        email=body.email, role=body.role, password=body.password
    )
    secret = await services.accounts.new_link(user.id)
    return CreatedUser(**UserView.of(user).model_dump(), sign_in_path=f"/sign-in/{secret}")


@router.get("/users/{user_id}", responses=refused(403))
async def read_user(services: Container, who: Reader, user_id: UUID) -> UserView:
    """One person: oneself, or anybody for admins."""
    if user_id != who.user.id and not who.may(Scope.ADMIN):
        raise Forbidden(action="reading other people's accounts", needs="role admin")
    return UserView.of(await services.accounts.user(user_id))


@router.delete("/users/{user_id}", status_code=204, responses=refused(409))
async def revoke_user(services: Container, _: Admin, user_id: UUID) -> Response:
    """Revoke a person's access: sessions, links, password and tokens end at once."""
    await services.accounts.revoke_user(user_id)
    return Response(status_code=204)


@router.get("/tokens")
async def list_tokens(services: Container, _: Admin, paging: Paged) -> Page[TokenView]:
    """All machine tokens."""
    return page_of([TokenView.of(token) for token in await services.accounts.tokens()], paging)


@router.post("/tokens", status_code=201, responses=refused(409))
async def create_token(
    services: Container, who: Admin, body: Annotated[NewTokenRequest, Body()]
) -> CreatedToken:
    """Create a machine token. Only this answer contains its secret."""
    made = await services.accounts.create_token(
        name=body.name, scope=body.scope, user_id=who.user.id
    )
    return CreatedToken(**TokenView.of(made.token).model_dump(), token=made.secret)


@router.delete("/tokens/{token_id}", status_code=204)
async def delete_token(services: Container, _: Admin, token_id: UUID) -> Response:
    """Revoke a token at once."""
    await services.accounts.delete_token(token_id)
    return Response(status_code=204)
