"""The caller of a request: identity, rights, and the chosen site."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from server.container import ServerConfig, Services
from server.refusals import Unauthenticated
from services.accounts.accounts import SESSION_LIFE, Identity, SignedIn
from services.accounts.records import Role, Scope
from services.chat.records import Conversation
from services.errors import CommandCenterError, Forbidden, NotFound
from services.sites.records import System

PLAIN_COOKIE = "cc_session"
SECURE_COOKIE = "__Host-cc_session"
COOKIES = frozenset({PLAIN_COOKIE, SECURE_COOKIE})


def services_of(request: Request) -> Services:
    """The container that the app was made with."""
    services: Services = request.app.state.services
    return services


Container = Annotated[Services, Depends(services_of)]


def cookie_name(config: ServerConfig) -> str:
    """The session cookie's name; with TLS the one that browsers bind to this host."""
    return SECURE_COOKIE if config.secure_cookies else PLAIN_COOKIE


async def identify(request: Request) -> Identity | None:
    """The caller by bearer token or session cookie (never both); None where nobody is signed in."""
    services = services_of(request)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme:
        known = scheme.lower() == "bearer" and secret
        return await services.accounts.by_token(secret.strip()) if known else None
    session = request.cookies.get(cookie_name(services.config))
    return None if not session else await services.accounts.by_session(session)


async def signed_in(request: Request) -> Identity:
    """The signed-in caller.

    Raises:
        Unauthenticated: Nobody is signed in.
    """
    identity = await identify(request)
    if identity is None:
        raise Unauthenticated
    return identity


Reader = Annotated[Identity, Depends(signed_in)]


async def access_ended(request: Request) -> None:
    """Returns when the caller is signed out or their access is revoked.

    Needed because a stream may last for days after the check at its start. While the database is
    away the check is repeated, and the stream itself reports the outage.
    """
    while True:
        await asyncio.sleep(services_of(request).config.access_checked_s)
        with suppress(CommandCenterError):
            if await identify(request) is None:
                return


async def needs_control(identity: Reader) -> Identity:
    """The caller, if they may change things.

    Raises:
        Forbidden: They may not.
    """
    return _require(identity, Scope.CONTROL, "changing things")


async def needs_admin(identity: Reader) -> Identity:
    """The caller, if they are an admin.

    Raises:
        Forbidden: They are not.
    """
    return _require(identity, Scope.ADMIN, "this")


async def person_or_control(identity: Reader) -> Identity:
    """A person in their own session, or a token that may change things.

    For the emergency stop and for what belongs to the person alone: a viewer may stop the site and
    delete their own conversations, a token that was made for reading may not.

    Raises:
        Forbidden: It is a token for reading.
    """
    return identity if identity.token is None else await needs_control(identity)


Operator = Annotated[Identity, Depends(needs_control)]
PersonOrController = Annotated[Identity, Depends(person_or_control)]
Admin = Annotated[Identity, Depends(needs_admin)]


def _require(identity: Identity, scope: Scope, action: str) -> Identity:
    if not identity.may(scope):
        role = "role admin" if scope is Scope.ADMIN else "role user or admin"
        needs = f"scope {scope}" if identity.token is not None else role
        raise Forbidden(action=action, needs=needs)
    return identity


async def visible_systems(services: Services, identity: Identity) -> list[System]:
    """The sites that a caller may see, by name.

    Admins see all sites. Owners see their own ones. A person without sites was invited by an admin
    and sees the admins' sites.
    """
    systems = list(await services.sites.systems())
    if identity.user.role is Role.ADMIN:
        return systems
    owned = [system for system in systems if system.owner_id == identity.user.id]
    if owned:
        return owned
    admins = {user.id for user in await services.accounts.users() if user.role is Role.ADMIN}
    return [system for system in systems if system.owner_id in admins]


async def chosen_system(
    request: Request,
    identity: Reader,
    system_id: Annotated[
        UUID | None, Query(description="The site; the first one if left out")
    ] = None,
) -> System:
    """The site of a request: the one named, or the first one that the caller may see.

    Raises:
        NotFound: There is none, or it belongs to somebody else.
    """
    systems = await visible_systems(services_of(request), identity)
    chosen = [system for system in systems if system_id is None or system.id == system_id]
    if not chosen:
        raise NotFound(kind="system", key="any" if system_id is None else str(system_id))
    return chosen[0]


ChosenSite = Annotated[System, Depends(chosen_system)]


async def ensure_visible(
    services: Services, identity: Identity, system_id: UUID, *, kind: str, key: UUID
) -> None:
    """Hide what belongs to another owner's site, as if it did not exist.

    Raises:
        NotFound: ``kind`` with ``key`` belongs to a site that ``identity`` may not see.
    """
    if system_id not in {system.id for system in await visible_systems(services, identity)}:
        raise NotFound(kind=kind, key=str(key))


async def own_conversation(
    services: Services, who: Identity, conversation_id: UUID
) -> Conversation:
    """The conversation, if it is the caller's own.

    Raises:
        NotFound: Unknown, or somebody else's.
    """
    conversation = await services.conversations.conversation(conversation_id)
    if conversation is None or conversation.user_id != who.user.id:
        raise NotFound(kind="conversation", key=str(conversation_id))
    return conversation


def set_session_cookie(response: Response, session: SignedIn, config: ServerConfig) -> None:
    """Give the session to the browser: not readable by scripts, not sent with other sites'
    changes.
    """
    response.set_cookie(
        cookie_name(config),
        session.secret,
        max_age=round(SESSION_LIFE.total_seconds()),
        path="/",
        secure=config.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, config: ServerConfig) -> None:
    """Take the session out of the browser."""
    response.delete_cookie(
        cookie_name(config), path="/", secure=config.secure_cookies, httponly=True, samesite="lax"
    )
