"""Tells the commands of this data folder where the server answers, for as long as it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from commandcenter.running_server import (
    TOKEN_NAME,
    RunningServer,
    forget_running_server,
    read_running_server,
    write_running_server,
)
from commandcenter.wiring.composition import Site
from services.accounts.records import Scope
from services.errors import CommandCenterError

_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not listened on


@asynccontextmanager
async def announced(site: Site, host: str, port: int) -> AsyncIterator[None]:
    """Leave address and token in the data folder while the block runs; revoke the token after.

    A token that a killed program left is revoked first.
    """
    home = site.settings.home
    await _revoke(site, read_running_server(home))
    made = await site.accounts.create_token(
        name=f"{TOKEN_NAME}, port {port} ({site.plant.clock.now():%Y-%m-%d %H:%M:%S.%f})",
        scope=Scope.ADMIN,
        user_id=(await site.owner()).id,
    )
    local = _ANY_ADDRESS.get(host, host)
    url = f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}"
    server = RunningServer(url=url, token=made.secret, token_id=str(made.token.id))
    write_running_server(home, server)
    try:
        yield
    finally:
        forget_running_server(home, server)
        await _revoke(site, server)


async def _revoke(site: Site, server: RunningServer | None) -> None:
    """Best effort: an unknown token is revoked already, and the database may be away."""
    if server is not None:
        with suppress(CommandCenterError, ValueError):
            await site.accounts.delete_token(UUID(server.token_id))
