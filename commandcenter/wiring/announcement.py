"""Announces the running server to the commands of its data folder."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

from commandcenter.running_server import (
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
    """Keep address and token in the data folder while the block runs; then revoke the token."""
    home = site.settings.home
    name = f"command line of {socket.gethostname()}, port {port}"
    await _revoke_left(site, home, name)
    made = await site.accounts.create_token(
        name=name, scope=Scope.ADMIN, user_id=(await site.owner()).id
    )
    server = RunningServer(url=_url(host, port), token=made.secret, token_id=str(made.token.id))
    write_running_server(home, server)
    try:
        yield
    finally:
        forget_running_server(home, server)
        await _revoke(site, server.token_id)


async def _revoke_left(site: Site, home: Path, name: str) -> None:
    """Revoke the token that a killed program of this folder or port left behind."""
    left = read_running_server(home)
    if left is not None:
        await _revoke(site, left.token_id)
    for token in await site.accounts.tokens():
        if token.name == name:
            await _revoke(site, str(token.id))


def _url(host: str, port: int) -> str:
    local = _ANY_ADDRESS.get(host, host)
    return f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}"


async def _revoke(site: Site, token_id: str) -> None:
    """Best effort: an unknown token is revoked already, and the database may be away."""
    with suppress(CommandCenterError, ValueError):
        await site.accounts.delete_token(UUID(token_id))
