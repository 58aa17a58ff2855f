"""People and tokens for one command, with the database and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from commandcenter.clock import WallClock
from commandcenter.settings import Settings
from commandcenter.wiring.database import database
from commandcenter.wiring.seed import seed_owner
from services.accounts.accounts import Accounts
from storage.connection.pool import open_pool
from storage.schema import migrations
from storage.schema.first_rows import first_rows
from storage.stores.accounts import PostgresAccountStore


@asynccontextmanager
async def open_accounts(settings: Settings) -> AsyncIterator[Accounts]:
    """The accounts of a site that is migrated and has its first admin."""
    async with database(settings) as dsn:
        await migrations.migrate(dsn)
        async with open_pool(dsn, max_size=2) as pool:
            store = PostgresAccountStore(pool=pool)
            async with first_rows(dsn):
                await seed_owner(store, email=settings.admin_email, at=WallClock().now())
            yield Accounts(store=store, clock=WallClock())
