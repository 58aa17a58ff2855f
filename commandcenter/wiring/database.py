"""Which database: the one of ``DATABASE_URL``, the one that a running program owns, or our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from commandcenter.settings import Settings
from storage.embedded.server import EmbeddedPostgres, running_dsn


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
