"""A stream lives as long as its reader's access, which was checked when it was opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from typing_extensions import override

from server.container import ServerConfig
from server.sse import until
from services.accounts.accounts import Accounts, Identity
from services.accounts.records import Scope
from services.errors import Unavailable
from tests.fakes.sites.web_site import WebSite
from tests.integration.server.listening import PATIENCE_S, listening

EMAIL = "visitor@example.com"


@pytest.fixture
async def site() -> WebSite:
    made = WebSite(config=ServerConfig(allowed_hosts=("test",), access_checked_s=0.05))
    await made.set_up()
    return made


async def _by_deleted_token(
    site: WebSite,
) -> tuple[dict[str, str], Callable[[], Awaitable[object]]]:
    secret = await site.token(EMAIL, Scope.READ)
    (token,) = [each for each in await site.accounts.tokens() if EMAIL in each.name]
    return {"Authorization": f"Bearer {secret}"}, lambda: site.accounts.delete_token(token.id)


async def _by_revoked_user(site: WebSite) -> tuple[dict[str, str], Callable[[], Awaitable[object]]]:
    user = await site.user(EMAIL)
    headers = {"Cookie": f"cc_session={await site.session(EMAIL)}"}
    return headers, lambda: site.accounts.revoke_user(user.id)


async def _by_sign_out(site: WebSite) -> tuple[dict[str, str], Callable[[], Awaitable[object]]]:
    secret = await site.session(EMAIL)
    return {"Cookie": f"cc_session={secret}"}, lambda: site.accounts.sign_out(secret)


@pytest.mark.parametrize("way", [_by_deleted_token, _by_revoked_user, _by_sign_out])
async def test_the_live_stream_ends_with_its_readers_access(
    site: WebSite,
    way: Callable[[WebSite], Awaitable[tuple[dict[str, str], Callable[[], Awaitable[object]]]]],
) -> None:
    headers, revoke = await way(site)
    async with listening(site.app, "/api/stream", headers=headers) as line:
        await line.next("now")
        assert not line.ended.is_set()
        await revoke()
        async with asyncio.timeout(PATIENCE_S):
            await line.ended.wait()


async def test_a_database_that_is_away_ends_no_stream(site: WebSite) -> None:
    headers = {"Authorization": f"Bearer {await site.token(EMAIL, Scope.READ)}"}
    asked = asyncio.Event()

    class Away(Accounts):
        def __init__(self) -> None: ...

        @override
        async def by_token(self, secret: str) -> Identity | None:
            asked.set()
            raise Unavailable(what="The database", detail="is away", advice="")

    async with listening(site.app, "/api/stream", headers=headers) as line:
        await line.next("now")
        site.app.state.services = replace(site.services, accounts=Away())
        async with asyncio.timeout(PATIENCE_S):
            await asked.wait()
        site.app.state.services = site.services
        await site.stores.events.publish("estop", {"latched": True})
        assert (await line.next("estop")).data == {"latched": True}


async def test_a_stream_that_ends_by_itself_leaves_nothing_behind() -> None:
    closed = asyncio.Event()

    async def events() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            closed.set()

    assert [each async for each in until(events(), never())] == [1, 2]
    assert closed.is_set()
