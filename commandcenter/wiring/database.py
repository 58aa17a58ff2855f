"""Which database: that of ``DATABASE_URL``, of a running program, or our own; the stores on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from commandcenter.settings import Settings
from storage.all_stores import PostgresStores
from storage.connection.pool import open_pool
from storage.embedded.server import EmbeddedPostgres, running_dsn
from storage.stores.kept import Kept

PEOPLE_CONNECTIONS = 8
"""Connections that requests, chat, alerts and rollups share."""

CONTROL_CONNECTIONS = 4
"""Connections reserved for polling, deciding and switching."""


@asynccontextmanager
async def database(settings: Settings, *, own: bool = False) -> AsyncIterator[str]:
    """The database's address (dsn) for as long as the block runs.

    Args:
        settings: ``DATABASE_URL`` wins; the data folder otherwise.
        own: Start the embedded server as its owner; a second owner is refused.

    Raises:
        Conflict: ``own``, and another process owns the data folder.
        Unavailable: The embedded server can't be started.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    running = None if own else running_dsn(settings.home)
    if running is not None:
        yield running
        return
    server = EmbeddedPostgres(settings.home)
    dsn = await server.start()
    try:
        yield dsn
    finally:
        await server.stop()


@asynccontextmanager
async def open_stores(
    dsn: str, *, key: bytes
) -> AsyncIterator[tuple[PostgresStores, PostgresStores]]:
    """The stores for people's requests, and those for polling, deciding and switching.

    Each has its own connections, so that pages and chat can't keep control from one.
    """
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(dsn, max_size=PEOPLE_CONNECTIONS))
        control_pool = await stack.enter_async_context(open_pool(dsn, max_size=CONTROL_CONNECTIONS))
        kept = Kept()
        stores = PostgresStores(pool=pool, key=key, dsn=dsn, kept=kept)
        control = PostgresStores(pool=control_pool, key=key, dsn=dsn, kept=kept)
        stack.push_async_callback(control.locks.close)
        await stores.start()
        stack.push_async_callback(stores.stop)
        yield stores, control
