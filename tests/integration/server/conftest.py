"""The application with a client per kind of caller."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx2
import pytest

from services.accounts.records import Scope
from tests.fakes.sites.web_site import WebSite

ORIGIN = "http://test"


@dataclass
class Callers:
    """Clients by who they are; made on first use."""

    site: WebSite
    stack: AsyncExitStack

    async def nobody(self, **headers: str) -> httpx2.AsyncClient:
        client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.site.app, raise_app_exceptions=False),
            base_url=ORIGIN,
            headers=headers,
        )
        return await self.stack.enter_async_context(client)

    async def token(
        self, scope: Scope = Scope.ADMIN, *, email: str = "owner@example.com"
    ) -> httpx2.AsyncClient:
        secret = await self.site.token(email, scope)
        return await self.nobody(Authorization=f"Bearer {secret}")

    async def browser(self, email: str = "owner@example.com") -> httpx2.AsyncClient:
        client = await self.nobody(Origin=ORIGIN, **{"Sec-Fetch-Site": "same-origin"})
        client.cookies.set("cc_session", await self.site.session(email))
        return client


@pytest.fixture
async def site() -> WebSite:
    made = WebSite()
    await made.set_up()
    return made


@pytest.fixture
async def callers(site: WebSite) -> AsyncIterator[Callers]:
    async with AsyncExitStack() as stack:
        yield Callers(site=site, stack=stack)


Story = Callable[[WebSite, Callers], object]
